"""Renders Jinja2 templates with Python's own Jinja2: sandboxed, and with the settings and filters of LAVA's server.

One JSON request a line on standard input, one JSON answer a line on standard output:
  {"name", "source"?, "templates"? {name: text}, "folders"? [...], "context" {...}, "output" most characters}
  {"text", "places"?, "data"?} or {"error": {"fault", "message", "template", "line"}}
Limits of the process, in seconds and bytes: --cpu and --memory.
"""

import io
import json
import resource
import shlex
import sys
import traceback

import jinja2
from jinja2 import ChoiceLoader, FileSystemLoader, FunctionLoader
from jinja2.sandbox import SandboxedEnvironment

X86 = ("amd64", "x86_64", "i386")


def guest_interface(arch, given):
    return given if given else ("ide" if arch in X86 else "virtio")


def yaml_quote(value):
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(
        value, Dumper=dumper, default_flow_style=True, default_style='"', explicit_start=True, width=2**31 - 1
    )
    return text[len("--- ") : -1]


def given(templates):
    """Templates of a request; each is its own file in messages."""
    return FunctionLoader(lambda name: (templates[name], name, None) if name in templates else None)


def environment(templates, folders):
    loader = ChoiceLoader([given(templates), FileSystemLoader(folders)])
    made = SandboxedEnvironment(loader=loader, autoescape=False, trim_blocks=True)
    made.filters["shlex_quote"] = shlex.quote
    made.filters["yaml_quote"] = yaml_quote
    made.filters["qemu_guest_fs_interface"] = guest_interface
    return made


class TooMuch(Exception):
    pass


def place(error, name):
    """The innermost template and line of an error."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or name, error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        known = frame.filename == "<template>" or frame.filename.endswith(".jinja2")
        if known:
            return (name if frame.filename == "<template>" else frame.filename.rsplit("/", 1)[-1]), frame.lineno
    return name, 1


FAULTS = (
    (jinja2.TemplateSyntaxError, "syntax"),
    (jinja2.TemplateNotFound, "undefined"),
    (jinja2.UndefinedError, "undefined"),
    ((TooMuch, MemoryError, RecursionError, OverflowError), "limit"),
)


def render(request, environments):
    folders = request.get("folders", [])
    templates = request.get("templates", {})
    key = json.dumps([folders, sorted(templates)])
    env = environments.setdefault(key, environment(templates, folders))
    name = request["name"]
    source = request.get("source")
    try:
        template = env.from_string(source) if source is not None else env.get_template(name)
        if source is not None:
            template.name = name
        most = request.get("output", 2**22)
        out = io.StringIO()
        for piece in template.generate(**request.get("context", {})):
            out.write(piece)
            if out.tell() > most:
                raise TooMuch(f"the template writes more than {most} characters")
        return {"text": out.getvalue()}
    except Exception as error:
        fault = next((word for kind, word in FAULTS if isinstance(error, kind)), "runtime")
        where, line = place(error, name)
        message = f"there is no template \"{error}\"" if isinstance(error, jinja2.TemplateNotFound) else str(error)
        return {"error": {"fault": fault, "message": message or type(error).__name__, "template": where, "line": line}}


class Unknown(json.JSONEncoder):
    def default(self, value):
        return f"!{type(value).__name__}:{value}"


def data(text):
    import yaml

    try:
        return {"data": yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))}
    except yaml.YAMLError as error:
        return {"yaml": str(error)}


def main():
    options = dict(word.lstrip("-").split("=") for word in sys.argv[1:])
    for name, limit in (("cpu", resource.RLIMIT_CPU), ("memory", resource.RLIMIT_AS)):
        if name in options:
            resource.setrlimit(limit, (int(options[name]), int(options[name])))
    environments = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer = render(request, environments)
        if request.get("data") and "text" in answer:
            answer.update(data(answer["text"]))
        print(json.dumps(answer, cls=Unknown), flush=True)


if __name__ == "__main__":
    main()
