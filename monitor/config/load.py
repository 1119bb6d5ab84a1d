"""Load the configuration, or say everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from monitor.alerts.own import OwnTemplates
from monitor.config.changes import placed, with_changes
from monitor.config.channels import Secrets
from monitor.config.expect import build_expected, check_files
from monitor.config.faults import Faults, translate
from monitor.config.feeds import Lists, build_feeds, check_repeats, read_lists
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.keep import KeepShape
from monitor.config.receivers import Vault, build_receiver
from monitor.config.reports import build_plan
from monitor.config.schedules import check_schedules
from monitor.config.settings import DeliveryPolicy, Keep, Log, Polling, Settings, WebSub
from monitor.config.shape import ConfigShape, DeliveryShape, LogShape, PollingShape, TopicShape
from monitor.config.templates import read_templates
from monitor.config.topics import build_topic, check_listed, check_names, read_all_seeds
from monitor.config.tree import Node, read_tree
from monitor.config.watching import build_health, build_heartbeat, check_health
from monitor.errors import ConfigError, Fault
from monitor.records import Expected, Seed

MAX_BYTES = 1_000_000
_SQLITE = "sqlite:///"
_POSTGRESQL = re.compile(r"postgresql(\+psycopg)?://\S+")
# Unless the file says more: what a busy server should bear from a stranger.
_USUAL_LEAST = timedelta(minutes=5)
_NOTHING = Node(path="", line=0, value=None)


def load(path: Path, environ: Mapping[str, str], changes: Sequence[str] = ()) -> Settings:
    """Read the file, all files it names, and the variables it asks for.

    `changes`, like `topics.border.threshold=0.4`, stand in for what the file says.

    Reads no environment but `environ`, where also systemd's `CREDENTIALS_DIRECTORY` may be.
    Relative names are relative to the file's folder. Raises `ConfigError` with all faults, none
    of which shows a secret.
    """
    faults = Faults(path.name)
    root = _read(path, environ, faults)
    if root is None:
        raise ConfigError(faults.all())
    if changes:
        root = with_changes(root, changes, environ, faults)
    shape: ConfigShape | None = None
    try:
        shape = ConfigShape.model_validate(root.plain())
    except ValidationError as error:
        translate(error, root, faults)
    topics, groups, receivers, store = (
        root.children.get(key, _NOTHING) for key in ("topics", "feeds", "receivers", "store")
    )
    folder = path.parent.absolute()
    # The rest looks at the tree and not at `shape`, which is only there if all of it is right:
    # one mistyped key must not hide a missing seed.
    seeds = read_all_seeds(topics, folder, faults)
    check_files(topics, folder, faults)
    check_names(topics, groups.children, receivers.children, faults)
    check_listed(root.children.get("operator"), "receiver", receivers.children, faults)
    lists = read_lists(groups, folder, faults)
    check_repeats(groups, lists, faults)
    vault = Vault(folder, environ, faults)
    vault.collect(receivers)
    secrets = vault.collect_heartbeat(root.children.get("heartbeat", _NOTHING))
    check_health(root.children.get("health", _NOTHING), faults)
    check_schedules(receivers, faults)
    templates = root.children.get("templates", _NOTHING)
    own = read_templates(templates, receivers.children, folder, faults)
    _check_store(store, faults)
    _check_polling(root.children.get("polling", _NOTHING), faults)
    _check_keep(root.children.get("keep", _NOTHING), faults)
    if shape is None or faults:
        raise ConfigError(placed(faults.all(), changes, path.name))
    return _made(path, shape, seeds, lists, secrets, own)


def _made(
    path: Path,
    shape: ConfigShape,
    seeds: Mapping[str, tuple[Seed, ...]],
    lists: Lists,
    secrets: Secrets,
    own: Mapping[str, OwnTemplates],
) -> Settings:
    """Make the settings of a file that has no faults, from what was read of it."""
    folder = path.parent.absolute()
    delivery = DeliveryPolicy(**dict(shape.delivery))
    return Settings(
        path=path,
        topics=tuple(
            build_topic(name, one, seeds[name], shape.feeds, _expected(one, folder))
            for name, one in shape.topics.items()
        ),
        feeds=build_feeds(shape.feeds, lists, shape.polling.every),
        receivers=tuple(
            build_receiver(name, form, secrets, delivery, folder)
            for name, form in shape.receivers.items()
        ),
        polling=_polling(shape.polling),
        delivery=delivery,
        store_url=_absolute(shape.store, folder),
        keep=Keep(**dict(shape.keep)),
        log=Log(**dict(shape.log)),
        operator=tuple(shape.operator or ()),
        websub=WebSub(**dict(shape.websub)) if shape.websub else None,
        health=build_health(shape.health),
        heartbeat=build_heartbeat(shape.heartbeat, secrets),
        templates=own,
        reports=build_plan(shape.reports.at, shape.reports.zone) if shape.reports else None,
    )


def _expected(shape: TopicShape, folder: Path) -> tuple[Expected, ...]:
    match = build_expected("expect.match", shape.expect.match, folder, wanted=True)
    return match + build_expected("expect.ignore", shape.expect.ignore, folder, wanted=False)


def without_file() -> Settings:
    """Give the settings of a configuration that names nothing: all else at its default."""
    return Settings(
        path=Path(),
        topics=(),
        feeds=(),
        receivers=(),
        polling=_polling(PollingShape()),
        delivery=DeliveryPolicy(**dict(DeliveryShape())),
        store_url="",
        log=Log(**dict(LogShape())),
    )


def _read(path: Path, environ: Mapping[str, str], faults: Faults) -> Node | None:
    def give_up(what: str, line: int = 0) -> None:
        faults.include(Fault(file=path.name, line=line, path="", what=what))

    try:
        body = read_bytes(path, MAX_BYTES)
    except UnreadableError as error:
        cure = "" if path.exists() else "; 'seedwatch init' writes a first one"
        give_up(str(error).replace("{}", f"'{path}'") + cure)
        return None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        give_up("is not UTF-8; save it as UTF-8", line)
        return None
    root, found = read_tree(text, path.name, environ)
    faults.include(*found)
    if root is not None and not isinstance(root.value, Mapping):
        if not root.unset:
            give_up("is not a mapping of keys to values; it begins with topics:, feeds: …")
        return None
    return root


def _check_store(store: Node, faults: Faults) -> None:
    url = store.text
    if url is None:
        return
    if url.startswith(_SQLITE):
        name = url.removeprefix(_SQLITE).partition("?")[0]
        if not name or name == ":memory:":
            faults.add(store, "names no file; write it like sqlite:///seedwatch.db")
    elif not _POSTGRESQL.fullmatch(url):
        faults.add(store, "is neither sqlite:///FILE nor postgresql://USER@HOST/DATABASE")


def _check_polling(polling: Node, faults: Faults) -> None:
    try:
        shape = PollingShape.model_validate(polling.plain())
    except ValidationError:
        # Its faults are known already.
        return
    if shape.every > shape.at_least_every:
        node = polling.children.get("at_least_every") or polling.children["every"]
        faults.add(node, "{} does not fit: every must not be longer than at_least_every")
    if shape.at_most_every is not None and shape.at_most_every > shape.every:
        node = polling.children["at_most_every"]
        faults.add(node, "{} does not fit: at_most_every must not be longer than every")


def _check_keep(keep: Node, faults: Faults) -> None:
    """Refuse alerts that would go before the items that they tell."""
    try:
        shape = KeepShape.model_validate(keep.plain())
    except ValidationError:
        # Its faults are known already.
        return
    if shape.alerts is not None and (shape.items is None or shape.alerts < shape.items):
        node = keep.children.get("alerts") or keep
        faults.add(node, "{} does not fit: alerts must be kept at least as long as items")


def _polling(shape: PollingShape) -> Polling:
    least = shape.at_most_every or min(_USUAL_LEAST, shape.every)
    return Polling(**{**dict(shape), "at_most_every": least})


def _absolute(store: str, folder: Path) -> str:
    # The service may be started from any folder; the database stays beside its configuration.
    if not store.startswith(_SQLITE):
        return store
    name, mark, options = store.removeprefix(_SQLITE).partition("?")
    return f"{_SQLITE}{folder / name}{mark}{options}"
