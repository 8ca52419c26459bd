"""The reference page of the HTTP API, made from its OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from strongroom.server import api

BOUNDS = {
    "minimum": "from {:,}",
    "maximum": "to {:,}",
    "maxLength": "of at most {:,} characters",
    "maxItems": "of at most {:,}",
}


def http_page(head: str) -> str:
    """Give the page.

    Args:
        head: What every page that is made from the code begins with.
    """
    document = api.document()
    lines = ["# HTTP API", "", head, document["info"]["description"], ""]
    tag = ""
    for path, verbs in document["paths"].items():
        for method, verb in verbs.items():
            if verb["tags"][0] != tag:
                tag = verb["tags"][0]
                lines += [f"## {tag.capitalize()}", ""]
            lines += [f"### `{method.upper()} {path}`", "", verb["description"], ""]
            lines += [*_parameters(verb), *_body(verb, document), _answers(verb), ""]
    return "\n".join(lines).rstrip() + "\n"


def _parameters(verb: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        f"| `{one['name']}` | {one['in']} | {_schema(one['schema'])} | {one['description']} |"
        for one in verb.get("parameters", ())
    ]
    if rows:
        yield from ("| parameter | in | value | meaning |", "|---|---|---|---|", *rows, "")


def _body(verb: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    content = verb.get("requestBody", {}).get("content", {})
    for media_type, given in content.items():
        schema = _found(given["schema"], document)
        yield f"Body: `{media_type}`{'' if schema.get('properties') else f', {_schema(schema)}'}"
        yield ""
        rows = [
            f"| `{name}` | {_schema(one)} | {_found(one, document).get('description', '')} |"
            for name, one in schema.get("properties", {}).items()
        ]
        if rows:
            yield from ("| member | value | meaning |", "|---|---|---|", *rows, "")


def _answers(verb: Mapping[str, Any]) -> str:
    told = []
    for status, one in verb["responses"].items():
        types = ", ".join(f"`{name}`" for name in one.get("content", {}))
        if int(status) < 400:  # noqa: PLR2004 - what is no problem
            told.append(f"{status}{f' ({types})' if types else ''}")
    problems = [status for status in verb["responses"] if int(status) >= 400]  # noqa: PLR2004
    return f"Answers: {', '.join(told)}; problems {', '.join(problems)}."


def _found(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _schema(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "anyOf" in schema:
        return " or ".join(_schema(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    words = [str(schema.get("type", "anything"))]
    if schema.get("type") == "array":
        words = [f"array of {_schema(schema['items'])}"]
    words += [words_of.format(schema[key]) for key, words_of in BOUNDS.items() if key in schema]
    if "pattern" in schema:
        words.append("`" + schema["pattern"].replace("|", "\\|") + "`")
    if schema.get("default") not in (None, "", [], {}):
        words.append(f"(default {schema['default']})")
    return " ".join(words)
