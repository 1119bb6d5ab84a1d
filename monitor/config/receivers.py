"""Receivers of the configuration: find their secrets, make records of their destinations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.config.channels import (
    Channels,
    Secrets,
    alertmanager_target,
    file_target,
    slack_target,
    webhook_target,
)
from monitor.config.faults import Faults
from monitor.config.files import UnreadableError, read_bytes, secret_path
from monitor.config.schedules import build_schedule
from monitor.config.settings import DeliveryPolicy, Receiver, SmtpSecurity
from monitor.config.shape import DestinationShape, EmailShape, ReceiverShape, SmtpShape
from monitor.config.tree import Node
from monitor.config.values import (
    KINDS,
    check_bearer_token,
    check_bot_token,
    check_service_url,
    check_signing_secret,
    check_url,
)
from monitor.targets import (
    AppriseTarget,
    ConsoleTarget,
    Destination,
    EmailTarget,
    Secret,
    Target,
)

_MAX_SECRET_BYTES = 64_000
_HERE = {"localhost", "127.0.0.1", "::1"}
_PORTS: Mapping[SmtpSecurity, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecretKey:
    """A key that holds a secret, or whose `_file` twin names a file with it."""

    key: str
    required: bool
    # Raises `ValueError`; its text never has the secret in it.
    check: Callable[[str], str]


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("{} is empty")
    return text


_SECRET_KEYS: Mapping[str, tuple[_SecretKey, ...]] = {
    "slack": (
        _SecretKey(key="webhook_url", required=False, check=check_url),
        _SecretKey(key="bot_token", required=False, check=check_bot_token),
    ),
    "webhook": (
        _SecretKey(key="url", required=True, check=check_url),
        _SecretKey(key="secret", required=False, check=check_signing_secret),
        _SecretKey(key="previous_secret", required=False, check=check_signing_secret),
    ),
    "alertmanager": (
        _SecretKey(key="url", required=True, check=check_url),
        _SecretKey(key="token", required=False, check=check_bearer_token),
    ),
    "apprise": (_SecretKey(key="url", required=True, check=check_service_url),),
    "heartbeat": (_SecretKey(key="url", required=True, check=check_url),),
    "smtp": (_SecretKey(key="password", required=False, check=_not_empty),),
}


class Vault:
    """Reads the secrets of receivers and heartbeat, from the tree or from files that it names."""

    def __init__(self, folder: Path, environ: Mapping[str, str], faults: Faults) -> None:
        self._folder = folder
        self._environ = environ
        self._faults = faults
        self._secrets: dict[str, Secret] = {}
        self._channels = Channels(folder, faults)

    def collect(self, receivers: Node) -> Secrets:
        """Return all secrets by path; what is wrong with them, or with their kinds, are faults."""
        for receiver in receivers.children.values():
            for entry in receiver.children.get("to", receiver).items:
                self._collect_from(entry)
        return self._secrets

    def collect_heartbeat(self, heartbeat: Node) -> Secrets:
        """Do the same with the heartbeat's."""
        if isinstance(heartbeat.value, Mapping):
            for wanted in _SECRET_KEYS["heartbeat"]:
                self._take(heartbeat, wanted)
        return self._secrets

    def _collect_from(self, entry: Node) -> None:
        kinds = [kind for kind in entry.children if kind in KINDS]
        if len(kinds) > 1:
            both = " and ".join(f"'{kind}'" for kind in kinds)
            self._faults.add(entry, f"has {both} at once; give each a '-' of its own")
        elif not kinds and isinstance(entry.value, Mapping) and not entry.children:
            self._faults.add(entry, "names no kind; take one of " + ", ".join(KINDS))
        for kind in kinds:
            settings = entry.children[kind]
            self._channels.check(kind, settings)
            if kind == "email":
                self._check_mail(settings)
            elif isinstance(settings.value, Mapping) or settings.value is None:
                for wanted in _SECRET_KEYS.get(kind, ()):
                    self._take(settings, wanted)

    def _check_mail(self, email: Node) -> None:
        smtp = email.children.get("smtp")
        if smtp is not None and smtp.children:
            for wanted in _SECRET_KEYS["smtp"]:
                self._take(smtp, wanted)
            has_password = not {"password", "password_file"}.isdisjoint(smtp.children)
            if "username" in smtp.children and not has_password:
                self._faults.add(smtp, "'username' needs 'password' or 'password_file'")
            if has_password and "username" not in smtp.children:
                self._faults.add(smtp, "a password needs 'username'")
        seen: set[str] = set()
        to = email.children.get("to")
        for node in to.items if to is not None else ():
            if node.text in seen:
                self._faults.add(node, "{} is listed twice")
            seen.add(node.text or "")

    def _take(self, settings: Node, wanted: _SecretKey) -> None:
        key, twin = wanted.key, f"{wanted.key}_file"
        inline, file = settings.children.get(key), settings.children.get(twin)
        if inline is not None and file is not None:
            self._faults.add(settings, f"has both '{key}' and '{twin}'; keep one")
            return
        node = inline if inline is not None else file
        if node is None:
            if wanted.required:
                self._faults.add(settings, f"needs '{key}' or '{twin}'")
            return
        if node.value is None:
            self._faults.add(node, "has no value; give it one or remove the key")
        if node.text is None:
            return
        try:
            text = node.text if node is inline else self._read(node.text)
        except UnreadableError as error:
            self._faults.add(node, str(error))
            return
        try:
            self._secrets[f"{settings.path}.{key}"] = Secret(wanted.check(_not_empty(text)))
        except ValueError as error:
            about = "{}" if node is inline else "the text in {}"
            self._faults.add(node, str(error).replace("{}", about))

    def _read(self, name: str) -> str:
        body = read_bytes(secret_path(name, self._folder, self._environ), _MAX_SECRET_BYTES)
        try:
            return body.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise UnreadableError("{} is not a text in UTF-8") from None


def build_receiver(
    name: str,
    form: Sequence[str | DestinationShape] | ReceiverShape,
    secrets: Secrets,
    delivery: DeliveryPolicy,
    folder: Path,
) -> Receiver:
    """Make the record of a receiver that has no faults, one destination for each mailbox."""
    whole = form if isinstance(form, ReceiverShape) else None
    entries = form.to if isinstance(form, ReceiverShape) else form
    where = f"receivers.{name}.to" if whole else f"receivers.{name}"
    destinations: list[Destination] = []
    for position, entry in enumerate(entries):
        kind = entry if isinstance(entry, str) else next(iter(entry.model_fields_set))
        path = f"{where}[{position}]"
        for target in _targets(entry, path, secrets, folder):
            label = f"{name}/{position + 1}-{kind}"
            if isinstance(target, EmailTarget):
                label = f"{label}-{target.to}"
            destinations.append(Destination(name=label, receiver=name, kind=kind, target=target))
    return Receiver(
        name=name,
        destinations=tuple(destinations),
        schedule=build_schedule(whole, delivery),
    )


def _targets(
    entry: str | DestinationShape, path: str, secrets: Secrets, folder: Path
) -> tuple[Target, ...]:
    target: Target
    if isinstance(entry, str) or entry.console is not None:
        target = ConsoleTarget()
    elif entry.email is not None:
        return _mailboxes(entry.email, secrets.get(f"{path}.email.smtp.password"))
    elif entry.slack is not None:
        target = slack_target(entry.slack, f"{path}.slack", secrets)
    elif entry.webhook is not None:
        target = webhook_target(f"{path}.webhook", secrets)
    elif entry.file is not None:
        target = file_target(entry.file, folder)
    elif entry.alertmanager is not None:
        target = alertmanager_target(entry.alertmanager, f"{path}.alertmanager", secrets)
    else:
        target = AppriseTarget(url=secrets[f"{path}.apprise.url"])
    return (target,)


def _mailboxes(email: EmailShape, password: Secret | None) -> tuple[Target, ...]:
    security = _security(email.smtp)
    return tuple(
        EmailTarget(
            to=to,
            sender=email.sender,
            host=email.smtp.host,
            port=email.smtp.port or _PORTS[security],
            security=security,
            username=email.smtp.username,
            password=password,
        )
        for to in email.to
    )


def _security(smtp: SmtpShape) -> SmtpSecurity:
    if smtp.security is not None:
        return smtp.security
    # Port 465 speaks TLS from the first byte (RFC 8314 section 3.3): STARTTLS would hang there.
    if smtp.port == _PORTS["tls"]:
        return "tls"
    return "none" if smtp.host in _HERE else "starttls"
