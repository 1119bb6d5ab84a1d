"""Prove that a template of the user's own ends, soon, with a text of bounded length. Pure.

A template is a program. Jinja's sandbox keeps it away from Python's inside, but not from
`{{ "x" * 10**9 }}` or a loop in a loop in a loop. To run it where it can be killed would cost a
process a message, and say nothing before the first message. So only that part of the language is
taken whose work can be told beforehand: values of known greatest length (`view`), loops over lists
of known length, no calls, no arithmetic, no macros, no other templates. What it may cost is added
up over the syntax tree, before Jinja compiles it (which already computes `"x" * 10**9`):

    work = sum over all nodes of (times it is reached) x (1 + longest value it makes)

in characters before escaping, which makes at most six of one.

With the same walk a mistyped field is found, and a value in a place of a page where escaping
does not help (`places`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from monitor.alerts.filters import FILTERS, Given, UnfitError
from monitor.alerts.places import Place, after, past_value
from monitor.alerts.view import ALERT, LOOP, Kind, Listed, Number, Text, Thing, Truth
from monitor.errors import BadTemplateError

# Four times what the usual text of five items would need; at most 0.06 s of CPU, see bench/
MAX_WORK = 200_000
# Statements within statements, and expressions within expressions.
MAX_DEPTH = 12
MAX_NESTING = 40
# A number as a text.
_DIGITS = 20

Scope = Mapping[str, Kind]

_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls nothing; only filters are there, as in {{ alert.title | upper }}",
    nodes.Macro: "has no macros",
    nodes.CallBlock: "has no macros",
    nodes.Include: "includes no other template",
    nodes.Import: "imports no other template",
    nodes.FromImport: "imports no other template",
    nodes.Extends: "extends no other template",
    nodes.Block: "has no blocks",
    nodes.AssignBlock: "sets single values only: {% set name = value %}",
    nodes.FilterBlock: "has no filter blocks; put the filter behind each value",
    nodes.Slice: "cuts nothing; {{ … | truncate(80) }} shortens a text",
    nodes.BinExpr: "does not calculate; `~` joins texts",
    nodes.UnaryExpr: "does not calculate",
    nodes.Test: "has no tests; {% if alert.lead %} asks whether there is one",
    nodes.Dict: "has no mappings",
}


def prove(template: nodes.Template, *, is_page: bool) -> int:
    """Give the most work that a template can be; `is_page` if it makes HTML.

    Raises `BadTemplateError` at the first thing that it may not do, or if it is too much work.
    """
    walk = _Walk(is_page=is_page)
    walk.statements(template.body, {"alert": ALERT}, times=1, depth=0)
    if walk.place.tag or walk.place.raw:
        raise BadTemplateError("ends within a tag, a comment or a <style>", line=0)
    return walk.work


class _Walk:
    """One walk over a syntax tree, in the order of the page."""

    def __init__(self, *, is_page: bool) -> None:
        self.work = 0
        self.place = Place()
        self._is_page = is_page

    # -- statements

    def statements(
        self, body: Sequence[nodes.Node], scope: Scope, *, times: int, depth: int
    ) -> dict[str, Kind]:
        """Walk statements in order; gives the names that are known after them."""
        known = dict(scope)
        if body and depth > MAX_DEPTH:
            raise BadTemplateError(f"is nested deeper than {MAX_DEPTH}", line=body[0].lineno)
        for node in body:
            self._charge(node, times, 0)
            match node:
                case nodes.Output():
                    for child in node.nodes:
                        self._output(child, known, times)
                case nodes.If():
                    known = self._if(node, known, times, depth)
                case nodes.For():
                    self._for(node, known, times, depth)
                case nodes.Assign(target=nodes.Name(name=name)):
                    if name in ("alert", "loop") or name.startswith("_"):
                        raise _fault(node, f"cannot set '{name}'; take another name")
                    known[name] = self.expression(node.node, known, times)
                case _:
                    raise _fault(node, _refusal(node))
        return known

    def _output(self, child: nodes.Node, scope: Scope, times: int) -> None:
        if isinstance(child, nodes.TemplateData):
            self._charge(child, times, len(child.data))
            if self._is_page:
                try:
                    self.place = after(self.place, child.data)
                except ValueError as error:
                    raise _fault(child, str(error)) from None
            return
        kind = self.expression(child, scope, times)
        if not isinstance(kind, Text | Number):
            what = "is a list; go through it: {% for item in alert.items %}"
            raise _fault(child, what if isinstance(kind, Listed) else "is nothing to be shown")
        if self._is_page:
            self._judge_place(child, kind)

    def _judge_place(self, child: nodes.Node, kind: Kind) -> None:
        takes = self.place.takes
        if takes == "url" and not (isinstance(kind, Text) and kind.is_url):
            raise _fault(child, "stands for an address, and is none; take item.url or alert.url")
        if not takes:
            what = 'stands within a tag or <style>; there only <a href="{{ item.url }}"> is safe'
            raise _fault(child, what)
        self.place = past_value(self.place)

    def _if(self, node: nodes.If, scope: Scope, times: int, depth: int) -> dict[str, Kind]:
        self.expression(node.test, scope, times)
        before = self.place
        ends = [(self.statements(node.body, scope, times=times, depth=depth + 1), self.place)]
        for branch in node.elif_:
            self.place = before
            self.expression(branch.test, scope, times)
            known = self.statements(branch.body, scope, times=times, depth=depth + 1)
            ends.append((known, self.place))
        self.place = before
        ends.append((self.statements(node.else_, scope, times=times, depth=depth + 1), self.place))
        self._must_agree(node, [place for _, place in ends])
        first, *others = (known for known, _ in ends)
        for other in others:
            # A name that one branch lacks may not be there.
            first = {
                name: _either(kind, other[name]) for name, kind in first.items() if name in other
            }
        return first

    def _for(self, node: nodes.For, scope: Scope, times: int, depth: int) -> None:
        listed = self.expression(node.iter, scope, times)
        if not isinstance(listed, Listed):
            raise _fault(node, "goes through what is no list; there is alert.items")
        if not isinstance(node.target, nodes.Name) or node.target.name in ("alert", "loop"):
            raise _fault(node, "takes one name, as in {% for item in alert.items %}")
        if node.recursive:
            raise _fault(node, "has no recursive loops")
        inner = {**scope, node.target.name: listed.of}
        often = times * listed.most
        if node.test is not None:
            self.expression(node.test, inner, often)
        before = self.place
        self.statements(node.body, {**inner, "loop": LOOP}, times=often, depth=depth + 1)
        self._must_agree(node, [before, self.place])
        self.statements(node.else_, scope, times=times, depth=depth + 1)
        self._must_agree(node, [before, self.place])

    def _must_agree(self, node: nodes.Node, places: Sequence[Place]) -> None:
        # Two values in one address are as bad in a loop as in a row.
        if any(place != places[0] for place in places):
            raise _fault(node, "opens or closes a tag in one branch only; write whole tags in each")

    # -- expressions

    def expression(self, node: nodes.Node, scope: Scope, times: int, depth: int = 0) -> Kind:
        """Walk an expression; gives the kind of its value."""
        if depth > MAX_NESTING:
            raise _fault(node, f"is nested deeper than {MAX_NESTING}")

        def inner(child: nodes.Node) -> Kind:
            return self.expression(child, scope, times, depth + 1)

        find = _EXPRESSIONS.get(type(node))
        if find is None:
            raise _fault(node, _refusal(node))
        kind = find(node, scope, inner)
        size = kind.size if isinstance(kind, Text) else _DIGITS if isinstance(kind, Number) else 0
        self._charge(node, times, size)
        return kind

    def _charge(self, node: nodes.Node, times: int, size: int) -> None:
        self.work += times * (1 + size)
        if self.work > MAX_WORK:
            what = "could make too long a text, or take too long; show less, or loop less"
            raise _fault(node, what)


# Finds the kind of an expression from those of its parts, which the last argument finds.
_Inner = Callable[[nodes.Node], Kind]


def _constant(node: nodes.Const, _scope: Scope, _inner: _Inner) -> Kind:
    if isinstance(node.value, bool) or node.value is None:
        return Truth()
    if isinstance(node.value, str):
        return Text(size=len(node.value))
    if isinstance(node.value, int) and len(str(node.value)) < _DIGITS:
        return Number()
    raise _fault(node, "has a number that is too large, or not whole")


def _name(node: nodes.Name, scope: Scope, _inner: _Inner) -> Kind:
    if node.name not in scope:
        raise _fault(node, f"'{node.name}' is not known here; known: {_all(scope)}")
    return scope[node.name]


def _field(node: nodes.Getattr, _scope: Scope, inner: _Inner) -> Kind:
    of = inner(node.node)
    if not isinstance(of, Thing):
        raise _fault(node, f"'.{node.attr}' of something without fields")
    if node.attr not in of.fields:
        raise _fault(node, f"'{of.name}' has no '{node.attr}'; it has {_all(of.fields)}")
    return of.fields[node.attr]


def _element(node: nodes.Getitem, _scope: Scope, inner: _Inner) -> Kind:
    of = inner(node.node)
    place = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if not isinstance(of, Listed) or not isinstance(place, int) or place < 0:
        raise _fault(node, "takes an element like alert.items[0], and a field like alert.title")
    return of.of


def _filter(node: nodes.Filter, _scope: Scope, inner: _Inner) -> Kind:
    known = FILTERS.get(node.name)
    if known is None:
        raise _fault(node, f"has no filter '{node.name}'; known: {_all(FILTERS)}")
    if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise _fault(node, f"'{node.name}' is written like {known.example}")
    value, arguments = inner(node.node), [inner(one) for one in node.args]
    constants = [one.value if isinstance(one, nodes.Const) else None for one in node.args]
    try:
        return known.kind(Given(value=value, arguments=arguments, constants=constants))
    except UnfitError:
        raise _fault(node, f"'{node.name}' is written like {known.example}") from None


def _joined(node: nodes.Concat, _scope: Scope, inner: _Inner) -> Kind:
    return Text(size=sum(_length(part, inner(part)) for part in node.nodes))


def _one_of_two(node: nodes.BinExpr, _scope: Scope, inner: _Inner) -> Kind:
    return _either(inner(node.left), inner(node.right))


def _not(node: nodes.Not, _scope: Scope, inner: _Inner) -> Kind:
    inner(node.node)
    return Truth()


def _chosen(node: nodes.CondExpr, _scope: Scope, inner: _Inner) -> Kind:
    inner(node.test)
    other = inner(node.expr2) if node.expr2 is not None else Text(size=0)
    return _either(inner(node.expr1), other)


def _compared(node: nodes.Compare, _scope: Scope, inner: _Inner) -> Kind:
    left = inner(node.expr)
    for operand in node.ops:
        right = inner(operand.expr)
        alike = type(left) is type(right)
        if operand.op in ("in", "notin"):
            # Whether a text is in a text, or in a list of texts.
            within = right.of if isinstance(right, Listed) else right
            alike = isinstance(left, Text) and isinstance(within, Text)
        elif operand.op not in ("eq", "ne"):
            alike = alike and isinstance(left, Text | Number)
        if not alike:
            raise _fault(node, "compares two things that are not alike")
        left = right
    return Truth()


def _written_list(node: nodes.List | nodes.Tuple, _scope: Scope, inner: _Inner) -> Kind:
    kinds = [inner(one) for one in node.items]
    sizes = [kind.size for kind in kinds if isinstance(kind, Text)]
    if len(sizes) < len(kinds):
        raise _fault(node, "lists what is no text")
    return Listed(of=Text(size=max(sizes, default=0)), most=len(kinds))


_EXPRESSIONS: Mapping[type[nodes.Node], Callable[[Any, Scope, _Inner], Kind]] = {
    nodes.Const: _constant,
    nodes.Name: _name,
    nodes.Getattr: _field,
    nodes.Getitem: _element,
    nodes.Filter: _filter,
    nodes.Concat: _joined,
    nodes.And: _one_of_two,
    nodes.Or: _one_of_two,
    nodes.Not: _not,
    nodes.CondExpr: _chosen,
    nodes.Compare: _compared,
    nodes.List: _written_list,
    nodes.Tuple: _written_list,
}


def _either(one: Kind, other: Kind) -> Kind:
    """Give the kind of a value that may be of either."""
    if one == other:
        return one
    if isinstance(one, Text | Number) and isinstance(other, Text | Number):
        sizes = [kind.size if isinstance(kind, Text) else _DIGITS for kind in (one, other)]
        urls = [isinstance(kind, Text) and (kind.is_url or not kind.size) for kind in (one, other)]
        return Text(size=max(sizes), is_url=all(urls))
    return Truth()


def _length(node: nodes.Node, kind: Kind) -> int:
    if isinstance(kind, Text):
        return kind.size
    if isinstance(kind, Number):
        return _DIGITS
    raise _fault(node, "joins what is no text")


def _refusal(node: nodes.Node) -> str:
    found = (what for refused, what in _REFUSED.items() if isinstance(node, refused))
    return "a template " + next(found, f"does not take this ({type(node).__name__.lower()})")


def _fault(node: nodes.Node, what: str) -> BadTemplateError:
    return BadTemplateError(what, line=node.lineno or 0)


def _all(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))
