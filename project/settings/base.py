"""Settings of Geobill. What a person may change comes from `GEOBILL_…` variables, all listed in
docs/operations.md.

Safe by default: no debugging, no wide-open hosts, secrets generated into `<GEOBILL_VAR>/secrets`.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from celery.schedules import crontab

from billing.calendar import KYIV
from billing.schedule import SCHEDULE as BILLING_SCHEDULE
from coverage.schedule import SCHEDULE as COVERAGE_SCHEDULE
from network.schedule import SCHEDULE as NETWORK_SCHEDULE
from project.core.env import envbool, envint, envlist, envsecret, envstr, load_defaults

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(envstr("GEOBILL_VAR") or BASE_DIR / "var").resolve()
SECRETS_DIR = VAR_DIR / "secrets"
load_defaults(VAR_DIR / "ports.env")
load_defaults(VAR_DIR / "sockets.env")

# --- Who we are on the network -------------------------------------------------------------------
GEOBILL_WEB_PORT = envint("GEOBILL_WEB_PORT", 8000)
GEOBILL_PUBLIC_URL = envstr("GEOBILL_PUBLIC_URL") or f"http://127.0.0.1:{GEOBILL_WEB_PORT}"
_public = urlsplit(GEOBILL_PUBLIC_URL)
_https = _public.scheme == "https"

DEBUG = envbool("GEOBILL_DEBUG", False)
SECRET_KEY = envsecret("GEOBILL_SECRET_KEY", file=SECRETS_DIR / "secret_key", generate=True)
ALLOWED_HOSTS = [
    *{_public.hostname or "localhost", "127.0.0.1", "localhost", "[::1]"},
    *envlist("GEOBILL_ALLOWED_HOSTS"),
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# --- Apps ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.gis",
    "rest_framework",
    "rest_framework_gis",
    "drf_spectacular",
    "django_celery_beat",
    "django_htmx",
    "project.core",
    "coverage",
    "billing",
    "crm",
    "network",
    "frontend",
    "project",
]
AUTH_USER_MODEL = "core.User"
# Debian 12 has GDAL 3.6, which can't be told to refuse spatial references that name files or hosts.
# Ours are SRID numbers written in code; none comes from a visitor.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "project.middleware.ChosenLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.brand",
            ],
        },
    },
]

# --- PostgreSQL ----------------------------------------------------------------------------------
# `geobill_owner` owns the schema and runs migrations; `geobill_app` is what the running system logs
# in as, and the database itself keeps it from changing what is posted; `geobill_radius` is
# FreeRADIUS, which may call one function.
GEOBILL_PG_PORT = envint("GEOBILL_PG_PORT", 54329)
GEOBILL_DB_ROLE = envstr("GEOBILL_DB_ROLE", "app")
GEOBILL_DB_USERS = {
    "owner": envstr("GEOBILL_DB_OWNER_USER", "geobill_owner"),
    "app": envstr("GEOBILL_DB_APP_USER", "geobill_app"),
    "radius": envstr("GEOBILL_DB_RADIUS_USER", "geobill_radius"),
}
GEOBILL_DB_PASSWORDS = {
    "owner": envsecret("GEOBILL_DB_OWNER_PASSWORD", file=SECRETS_DIR / "db_owner"),
    "app": envsecret("GEOBILL_DB_APP_PASSWORD", file=SECRETS_DIR / "db_app"),
    "radius": envsecret("GEOBILL_DB_RADIUS_PASSWORD", file=SECRETS_DIR / "db_radius"),
}


def database(*, role: str, pool_max_size: int) -> dict[str, Any]:
    """One entry of DATABASES for the role "owner" or "app"; `pool_max_size` 0 means no pool.

    Under ASGI each request runs in a thread of its own, so connections that live as long as their
    thread would be opened anew for each request: there the pool is needed. Commands and Celery
    workers have one thread and keep their one connection.
    """
    # Compiling takes longer than any statement of ours: it made a charge chunk ten times slower.
    options: dict[str, Any] = {
        "application_name": f"geobill-{role}",
        "connect_timeout": 5,
        "options": "-c jit=off",
        # Only what asks for it is prepared (project.core.prepared): nothing becomes so by itself.
        "prepare_threshold": 1_000_000,
    }
    if pool_max_size:
        options["pool"] = {"min_size": 1, "max_size": pool_max_size, "timeout": 10}
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "HOST": envstr("GEOBILL_DB_HOST", "127.0.0.1"),
        "PORT": envint("GEOBILL_DB_PORT", GEOBILL_PG_PORT),
        "NAME": envstr("GEOBILL_DB_NAME", "geobill"),
        "USER": GEOBILL_DB_USERS[role],
        "PASSWORD": GEOBILL_DB_PASSWORDS[role],
        "CONN_MAX_AGE": 0 if pool_max_size else 60,
        "CONN_HEALTH_CHECKS": not pool_max_size,
        "OPTIONS": options,
    }


# The folder of PostgreSQL's Unix sockets, where it runs on this machine: FreeRADIUS comes that way.
GEOBILL_DB_SOCKETS = envstr("GEOBILL_DB_SOCKETS", "")
GEOBILL_DB_POOL_MAX_SIZE = envint("GEOBILL_DB_POOL_MAX_SIZE", 0)
# How many days before the money ends a client is told (`billing.charging.notices`).
GEOBILL_NOTICE_DAYS = envlist("GEOBILL_NOTICE_DAYS", ("5", "3", "1"))
# Chunks of a charge run that are charged at the same time: one more than the database has cores,
# for each waits for the disk at its commit.
GEOBILL_CHARGE_WORKERS = envint("GEOBILL_CHARGE_WORKERS", min(os.cpu_count() or 1, 8) + 1)
DATABASES = {"default": database(role=GEOBILL_DB_ROLE, pool_max_size=GEOBILL_DB_POOL_MAX_SIZE)}

# --- Redis: tasks and the cache; accounting on its way in ----------------------------------------
GEOBILL_REDIS_HOST = envstr("GEOBILL_REDIS_HOST", "127.0.0.1")
GEOBILL_REDIS_PORT = envint("GEOBILL_REDIS_PORT", 63799)
GEOBILL_REDIS_PASSWORD = envsecret("GEOBILL_REDIS_PASSWORD", file=SECRETS_DIR / "redis")
# The Redis of this FreeRADIUS node: accounting that is not taken in yet, and who is blocked. It is
# the common one, or one a node; another one has a password of its own, or none.
GEOBILL_ACCOUNTING_REDIS_HOST = envstr("GEOBILL_ACCOUNTING_REDIS_HOST") or GEOBILL_REDIS_HOST
GEOBILL_ACCOUNTING_REDIS_PORT = envint("GEOBILL_ACCOUNTING_REDIS_PORT", GEOBILL_REDIS_PORT)
GEOBILL_ACCOUNTING_REDIS_PASSWORD = envsecret(
    "GEOBILL_ACCOUNTING_REDIS_PASSWORD", file=SECRETS_DIR / "accounting_redis"
)
if (GEOBILL_ACCOUNTING_REDIS_HOST, GEOBILL_ACCOUNTING_REDIS_PORT) == (
    GEOBILL_REDIS_HOST,
    GEOBILL_REDIS_PORT,
):
    GEOBILL_ACCOUNTING_REDIS_PASSWORD = GEOBILL_ACCOUNTING_REDIS_PASSWORD or GEOBILL_REDIS_PASSWORD


def redis_url(
    database_number: int,
    *,
    host: str = GEOBILL_REDIS_HOST,
    port: int = GEOBILL_REDIS_PORT,
    password: str = GEOBILL_REDIS_PASSWORD,
) -> str:
    """Address of one of Redis' numbered databases, with the password when there is one."""
    login = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{login}{host}:{port}/{database_number}"


GEOBILL_REDIS_TASKS_DB, GEOBILL_REDIS_CACHE_DB, GEOBILL_REDIS_ACCOUNTING_DB = 0, 1, 2
GEOBILL_ACCOUNTING_REDIS_URL = redis_url(
    GEOBILL_REDIS_ACCOUNTING_DB,
    host=GEOBILL_ACCOUNTING_REDIS_HOST,
    port=GEOBILL_ACCOUNTING_REDIS_PORT,
    password=GEOBILL_ACCOUNTING_REDIS_PASSWORD,
)
GEOBILL_PRESENCE_REDIS_URL = redis_url(GEOBILL_REDIS_CACHE_DB)
CACHES = {
    "default": {
        "BACKEND": "project.core.caches.CountingRedisCache",
        "LOCATION": redis_url(GEOBILL_REDIS_CACHE_DB),
        # Redis here never evicts (it also holds accounting), so nothing may be cached for ever.
        "TIMEOUT": 300,
    },
}

# --- Celery --------------------------------------------------------------------------------------
CELERY_BROKER_URL = redis_url(GEOBILL_REDIS_TASKS_DB)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# What goes out to the access servers has a queue and a worker of its own: a long report or a slow
# notice must not delay a block or an unblock.
# Long work that people start (project.core.jobs) has another, and nobody waits behind it.
CELERY_TASK_ROUTES = {"network.*": {"queue": "network"}, "project.run_jobs": {"queue": "jobs"}}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 3600
# Who hands a task over waits only so long for a Redis that hangs, and does not try again: what
# matters is a row in the database (outbox, actions, jobs), and a periodic task finds it.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 7200,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    # A commit wakes the worker; this catches what a lost wake-up left.
    "project.dispatch_outbox": {"task": "project.dispatch_outbox", "schedule": 15.0},
    # A job's start wakes a worker; this also finds jobs whose worker died.
    "project.run_jobs": {
        "task": "project.run_jobs",
        "schedule": 15.0,
        "options": {"expires": 15.0},  # while a long job is at work, the wake-ups must not pile up
    },
    "project.purge_jobs": {
        "task": "project.purge_jobs",
        "schedule": crontab(hour=5, minute=10),
    },
    **COVERAGE_SCHEDULE,
    **BILLING_SCHEDULE,
    **NETWORK_SCHEDULE,
}
CELERY_TIMEZONE = KYIV.key
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "uk"
LANGUAGES = [("uk", "Українська"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "geobill_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [
    BASE_DIR / "project" / "locale",
    *sorted((BASE_DIR / "frontend").glob("*/locale")),
    # Not as the app's own: Django's words of the same text would come first ("active").
    BASE_DIR / "frontend" / "locale",
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = KYIV.key

# --- Files ---------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(envstr("GEOBILL_STATIC_ROOT") or VAR_DIR / "static")
MEDIA_ROOT = Path(envstr("GEOBILL_MEDIA_ROOT") or VAR_DIR / "media")  # never served by address
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Sessions, cookies, headers ------------------------------------------------------------------
SESSION_COOKIE_NAME = "geobill_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_NAME = "geobill_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https and envbool("GEOBILL_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
# Only a proxy of ours may say that the visitor came by https; trust the header only if told so.
if envbool("GEOBILL_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

GEOBILL_MAP_TILES_URL = envstr("GEOBILL_MAP_TILES_URL")  # empty: our own layers, no base map
_tiles = urlsplit(GEOBILL_MAP_TILES_URL.replace("{s}", "*"))
_tiles_origin = f" {_tiles.scheme}://{_tiles.netloc}" if _tiles.netloc else ""
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        f"img-src 'self' data: blob:{_tiles_origin}",
        "style-src 'self' 'unsafe-inline'",
        "frame-ancestors 'self'",
        "form-action 'self'",
        "base-uri 'self'",
        "object-src 'none'",
    ]
)

# --- Privacy -------------------------------------------------------------------------------------
# After this an availability check no longer knows who asked and what was typed.
GEOBILL_CHECKS_KEPT_DAYS = envint("GEOBILL_CHECKS_KEPT_DAYS", 365)

# --- Long work (jobs) ----------------------------------------------------------------------------
# After this a job that ended is deleted with its files.
GEOBILL_JOBS_KEPT_DAYS = envint("GEOBILL_JOBS_KEPT_DAYS", 30)
GEOBILL_JOB_FILE_MAX_MB = envint("GEOBILL_JOB_FILE_MAX_MB", 256)
GEOBILL_WHAT_IF_AT_ONCE = envint("GEOBILL_WHAT_IF_AT_ONCE", 5000)

# --- Whose site this is --------------------------------------------------------------------------
GEOBILL_BRAND_NAME = envstr("GEOBILL_BRAND_NAME", "Промінь")
GEOBILL_BRAND_PHONE = envstr("GEOBILL_BRAND_PHONE")  # E.164; empty: no telephone is shown
GEOBILL_BRAND_COLOUR = envstr("GEOBILL_BRAND_COLOUR")  # "#0b6b61"; empty: the one of tokens.css

# --- Log-in --------------------------------------------------------------------------------------
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "accounts:start"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- API -----------------------------------------------------------------------------------------
# Bounds against guessing and flooding, for each client; docs/operations.md.
THROTTLE_RATES = {
    "anon": envstr("GEOBILL_THROTTLE_ANON", "120/min"),
    "user": envstr("GEOBILL_THROTTLE_USER", "1200/min"),
    "browse": envstr("GEOBILL_THROTTLE_BROWSE", "600/min"),  # suggestions, the public map
    "tiles": envstr("GEOBILL_THROTTLE_TILES", "1800/min"),  # a screen of a map is some 20 tiles
    "availability": envstr("GEOBILL_THROTTLE_AVAILABILITY", "60/min"),
    "request": envstr("GEOBILL_THROTTLE_REQUEST", "10/min"),
    "login": envstr("GEOBILL_THROTTLE_LOGIN", "10/min"),
}
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["project.core.parsers.BoundedJSONParser"],
    "EXCEPTION_HANDLER": "project.core.http.api_exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "project.core.throttling.AnonymousThrottle",
        "project.core.throttling.PersonThrottle",
        "project.core.throttling.ScopeThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": THROTTLE_RATES,
    # How many proxies of ours stand in front: none means the address of the socket is the client's.
    "NUM_PROXIES": envint("GEOBILL_PROXIES", 0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Geobill API",
    "DESCRIPTION": "Availability and offers by address, payments, accounts, sessions, reports.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# --- Zones ---------------------------------------------------------------------------------------
# Whether a second person has to approve what is published; a provider of one person has none.
GEOBILL_ZONES_NEED_REVIEW = envbool("GEOBILL_ZONES_NEED_REVIEW", False)

# --- Money ---------------------------------------------------------------------------------------
# Operations of people above this many hryvnias wait for a second person; -1: none ever does.
GEOBILL_SECOND_PERSON_ABOVE_UAH = envint("GEOBILL_SECOND_PERSON_ABOVE_UAH", 1000)

# After this what payment systems and we said to each other is deleted; 90 days at least.
GEOBILL_PAYMENT_MESSAGES_KEPT_DAYS = envint("GEOBILL_PAYMENT_MESSAGES_KEPT_DAYS", 1100)

# Numbers of accounts for the accountant's export: "REVENUE=703,clearing.cash=301".
GEOBILL_CHART_OF_ACCOUNTS = envlist("GEOBILL_CHART_OF_ACCOUNTS")

# --- RADIUS --------------------------------------------------------------------------------------
GEOBILL_RADIUS_REST_PORT = envint("GEOBILL_RADIUS_REST_PORT", 8001)
GEOBILL_RADIUS_AUTH_PORT = envint("GEOBILL_RADIUS_AUTH_PORT", 18120)
GEOBILL_RADIUS_ACCT_PORT = envint("GEOBILL_RADIUS_ACCT_PORT", 18130)
GEOBILL_RADIUS_SECRET = envsecret(
    "GEOBILL_RADIUS_SECRET", file=SECRETS_DIR / "radius", generate=True
)
GEOBILL_RADIUS_REST_TOKEN = envsecret(
    "GEOBILL_RADIUS_REST_TOKEN", file=SECRETS_DIR / "radius_rest", generate=True
)
GEOBILL_RADIUS_HOST = envstr("GEOBILL_RADIUS_HOST", "127.0.0.1")
GEOBILL_RADIUS_STATUS_PORT = envint("GEOBILL_RADIUS_STATUS_PORT", 0)  # 0: no such listener
# Packets from other addresses are dropped unread; inside, each BRAS must still be registered.
GEOBILL_RADIUS_NAS_NETWORKS = envlist(
    "GEOBILL_RADIUS_NAS_NETWORKS",
    ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
)
# Where FreeRADIUS hands accounting: "stream" (its spool, Redis, `ingest_accounting`) or "rest".
GEOBILL_RADIUS_ACCOUNTING = envstr("GEOBILL_RADIUS_ACCOUNTING", "stream")
# Closed sessions, and the lines of sessions' time lines, go after so many days.
GEOBILL_SESSIONS_KEPT_DAYS = envint("GEOBILL_SESSIONS_KEPT_DAYS", 1095)
GEOBILL_SESSION_EVENTS_KEPT_DAYS = envint("GEOBILL_SESSION_EVENTS_KEPT_DAYS", 62)
# Who answers an Access-Request first: "rest" (Django) or "fast" (FreeRADIUS asks PostgreSQL itself,
# and Django only what that cannot answer).
GEOBILL_RADIUS_PATH = envstr("GEOBILL_RADIUS_PATH", "rest")
# Whether `keep_standby` runs beside FreeRADIUS: it has usual answers in a file for outages then.
GEOBILL_RADIUS_STANDBY = envbool("GEOBILL_RADIUS_STANDBY", True)
# How many devices of one service may be online at once, where the service says nothing; 0: any.
GEOBILL_RADIUS_SESSIONS_MAX = envint("GEOBILL_RADIUS_SESSIONS_MAX", 0)
GEOBILL_RADIUS_SESSION_TIMEOUT_S = envint("GEOBILL_RADIUS_SESSION_TIMEOUT_S", 86_400)
# How often a session reports where the card of its BRAS says nothing, seconds, 60 to 3600.
GEOBILL_RADIUS_INTERIM_S = envint("GEOBILL_RADIUS_INTERIM_S", 300)
# Encrypts BRAS secrets and subscribers' passwords in the database; a new key goes in front.
GEOBILL_FIELD_KEYS = envsecret("GEOBILL_FIELD_KEYS", file=SECRETS_DIR / "field_keys", generate=True)

# --- Logs: one line an event on standard error; the supervisor keeps the files -------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": envstr("GEOBILL_LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "celery.utils.functional": {"level": "INFO"},
    },
}
