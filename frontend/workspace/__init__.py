"""The staff workspace: pages of operators, cashiers, accountants, engineers, administrators."""
