"""Why an operation with money is refused; nothing has been posted then."""

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError, NotPermittedError


class OperationError(DomainError):
    """The operation can't be made as it was asked for."""

    code = "money_operation_refused"
    http_status = 409


class ReasonNeededError(OperationError):
    """People who read the statement later must learn why."""

    code = "reason_needed"
    http_status = 400
    message = _("Write the reason: it stays on the statement for ever.")


class BadOperationAmountError(OperationError):
    """No amount, zero, or beyond what a single operation may move."""

    code = "bad_operation_amount"
    http_status = 400
    message = _("Write an amount of more than zero and at most a million hryvnias.")


class MoreThanBalanceError(OperationError):
    """A refund returns the client's own money: no more than stands on the account."""

    code = "more_than_balance"
    message = _("There is less money on the account than is to be returned.")


class MoreThanDebtError(OperationError):
    """A write-off ends a debt: no more than is owed."""

    code = "more_than_debt"
    message = _("The debt is smaller than what is to be written off.")


class NoRefundMethodError(OperationError):
    """A refund goes out in cash or through a bank."""

    code = "no_refund_method"
    http_status = 400
    message = _("Choose how the money is returned.")


class WrongAccountError(OperationError):
    """The account is unknown, is not a client's, or is the one the money is on already."""

    code = "wrong_account"
    message = _("Choose another open contract of a client.")


class AccountParkedError(OperationError):
    """The account takes no postings: it is parked until its books are right, or closed."""

    code = "account_parked"
    message = _("The account is stopped: it takes no postings until it is put right.")


class NotThisAccountsError(OperationError):
    """The payment, operation or service belongs to another account."""

    code = "not_this_accounts"
    http_status = 404
    message = _("There is no such payment, operation or service on this contract.")


class NotTakenBackError(OperationError):
    """Only what is posted is taken back, once; a reversal itself is not."""

    code = "not_taken_back"
    message = _("This operation is already taken back, or cannot be.")


class PaidOutError(OperationError):
    """The bank has sent the money: it comes back as a payment, not by a line in the books."""

    code = "refund_paid_out"
    message = _(
        "The bank has paid this refund out. If it has not, take the payout back first: "
        "page “Own money”."
    )


class GivenBackSinceError(OperationError):
    """Prepaid days came back by what a correction had right: taking it back would leave that wrong.

    Another correction of the month puts all of it right, what came back included.
    """

    code = "given_back_since"
    message = _(
        "Part of the month has come back by this correction since: correct the month once more"
        " instead."
    )


class NothingToCorrectError(OperationError):
    """The month, computed again, gives what was charged."""

    code = "nothing_to_correct"
    message = _("Computed again, the month gives the same amount. There is nothing to correct.")


class BadCorrectionError(OperationError):
    """The facts of a correction make no sense: no month, days outside it, no change at all."""

    code = "bad_correction"
    http_status = 400
    message = _("Say what was right: the price, or the days without service in that month.")


class DifferenceChangedError(OperationError):
    """Since it was asked for the account has changed, and the amount would be another one."""

    code = "difference_changed"
    message = _("The account has changed since: the amount would now be another one. Ask again.")


class AlreadyWaitsError(OperationError):
    """The same payment or month already waits for the second person."""

    code = "already_waits"
    message = _("Such an operation already waits for approval.")


class OperationKeyUsedError(OperationError):
    """The same form was sent for something else."""

    code = "operation_key_used"
    message = _("This form has already been used for another operation. Open a new one.")


class AlreadyDecidedError(OperationError):
    """Somebody else was quicker; `context` holds the state and who decided."""

    code = "already_decided"
    message = _("This operation is already decided.")


class SamePersonError(NotPermittedError):
    """Nobody approves or refuses what he asked for himself."""

    code = "same_person"
    message = _("A second person must decide: not the one who asked.")


class NotYoursError(NotPermittedError):
    """Only the person who asked may withdraw."""

    code = "not_yours"
    message = _("Only the person who asked can withdraw the operation.")


class NotAPersonError(NotPermittedError):
    """Operations of people are asked for by a member of staff who is signed in."""

    code = "not_a_person"
    message = _("Such operations are made by a member of staff only.")
