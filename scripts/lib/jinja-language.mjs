// What Jinja2's language does, a template each. What Python's Jinja2 makes of them stands in test/device/jinja/language.json,
// which scripts/record-jinja.mjs writes.

/** Templates that others extend, include or import. */
export const templates = {
  "base.jinja2": "head {{ x }}\n{% block body %}base {{ x|default('none') }}{% endblock %}\nfoot {{ y }}",
  "middle.jinja2":
    "{% extends 'base.jinja2' %}{% set y = y|default('middle') %}{% block body %}[{{ super() }}]{% endblock %}",
  "macros.jinja2":
    "{% macro greet(name, mark='!', rest=mark ~ name) %}Hi {{ name }}{{ mark }}{{ rest }}{% endmacro %}{% set version = 3 %}{% set _hidden = 1 %}text",
  "partial.jinja2": "<{{ x }}:{{ i }}>\n",
  "blocks.jinja2": "{% for i in [1, 2] %}{% block item scoped %}({{ i }}){% endblock %}{% endfor %}",
  "unscoped.jinja2": "{% for i in [1, 2] %}{% block item %}({{ i }}){% endblock %}{% endfor %}",
  "required.jinja2": "{% block must required %}{% endblock %}",
  "self.jinja2": "{% block a %}A{{ x }}{% endblock %}{{ self.a() }}{{ self.b is defined }}",
};

export const context = {
  x: "X",
  n: 7,
  f: 2.5,
  list: [3, 1, 2],
  words: ["b", "A", "c"],
  map: { b: 2, a: [1, "q'"] },
  none: null,
  yes: true,
  empty: [],
  people: [
    { name: "Ann", age: 3, at: { city: "Rome" } },
    { name: "bob", age: 1, at: { city: "Oslo" } },
    { name: "Cid", age: 3, at: { city: "Rome" } },
  ],
};

const expressions = `
1 + 2 * 3 - 4 / 2
7 // 2, -7 // 2, 7 % 3, -7 % 3, 7.5 // 2, -7.5 % 2
2 ** 10, 2 ** -1, 2 ** 0.5, -2 ** 2, 2 ** 3 ** 2
10 ** 30
0x1F + 0o17 + 0b11 + 1_000
1.0, 1.5e3, 1e16, 1e-5, 0.1 + 0.2, 1e22, 123456789.125, 5e-324
1 / 3
true + true, true == 1, 1 == 1.0, "1" == 1
"a" ~ 1 ~ none ~ true ~ 1.5 ~ [1, "b"]
"a" "b" 'c'
"a" * 3, 3 * "a", [1] * 2, "a" * -1
[1, 2] + [3]
(1, 2) + (3,)
()
(1,)
{}
{"a": 1, 2: "b", none: true, 1.5: [], (1, 2): "t"}
{1: "a", 1.0: "b", true: "c"}
["it's", 'say "hi"', "it's \\"x\\"", "back\\\\slash", "new\\nline", "tab\\t", "\\x00\\x7f\\xe9\\u20ac", "é€😀"]
"\\101\\x41\\u0041\\q\\'\\""
"line \\
continued"
not x, not empty, not none, not 0, not "", not 0.0, not {}
x and n, empty and n, x or n, empty or "other"
1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2 != 1
"a" in "cat", "z" in "cat", 3 in list, "b" in map, "z" not in map, 1 in missing, "a" not in missing
"b" < "c", "B" < "a", [1, 2] < [1, 3], [1] < [1, 0], (1, "a") <= (1, "b")
x if yes else "no", (x if not yes), "A" if none else "B" if empty else "C"
missing, missing is defined, missing|default("d"), missing|length, missing|list
none|default("d"), none|default("d", true), ""|default("d", boolean=true), 0|d(5)
map.a, map["b"], map.get("z"), map.get("z", 9), map.keys()|list, map.values()|list, map.items()|list
map.items(), map.keys(), map.values()
list[0], list[-1], list[0:2], list[::-1], list[1:], list[:-1], "hello"[1:3], "hello"[::2], "hello"[-1], (1, 2, 3)[1:]
list.0, people.0.name, people[0]["name"], people[1].at.city
list[10], map.zzz, "abc"[9]
x.upper(), "a,b,,c".split(","), " a  b ".split(), "a b c".split(None, 1), "a,b,c".rsplit(",", 1), "a b  c".rsplit(None, 1)
"abc".replace("b", "x"), "aaa".replace("a", "b", 2), "abc".replace("", "-"), "abc".find("c"), "abc".find("z"), "abcabc".rfind("b"), "abc".index("b"), "aXbX".count("X")
"a-b".partition("-"), "a-b-c".rpartition("-"), "abc".partition("z"), "  x ".strip(), "xxaxx".strip("x"), "xxa".lstrip("x"), "axx".rstrip("x")
"abc".startswith("a"), "abc".endswith(("x", "c")), "abc".startswith("b", 1), "Hello World".swapcase(), "hello world".title(), "hELLO".capitalize()
"5".zfill(3), "-5".zfill(4), "a".center(5), "a".center(4, "*"), "a".ljust(3) ~ "|", "a".rjust(3, "."), "ab".center(5, "-")
"abc".isalpha(), "1".isdigit(), "a1".isalnum(), " ".isspace(), "Ab".istitle(), "ab".islower(), "AB".isupper(), "".isalpha(), "1a".isidentifier(), "a_1".isidentifier()
"a\\nb\\r\\nc\\n".splitlines(), "a\\nb".splitlines(true), "\\n".splitlines(), "".splitlines()
", ".join(["a", "b"]), "-".join("abc"), "x".join({"a": 1, "b": 2})
"{} {}".format("a", 1), "{0}{1}{0}".format("a", "b"), "{a:>5}|{b:<4}|{c:^5}|".format(a="x", b=1, c="y"), "{{}} {!r}".format("a")
"{:05d}|{:+d}|{:,}|{:x}|{:#x}|{:08b}|{:.2f}|{:10.3f}|{:e}|{:g}|{:%}".format(42, 5, 1234567, 255, 255, 5, 3.14159, 2.5, 12345.678, 0.0001, 0.25)
"%s %d %5.2f %r %% %x %05d|%-5s|%+d" % ("a", 5, 3.14159, "b'c", 255, 42, "z", 3)
"%s" % "one", "%s" % [1, 2], "%(a)s-%(b)d" % {"a": "x", "b": 3}, "%c%c" % (65, "b"), "%e %g %G" % (12345.6789, 0.00001, 1e20), "%i" % 3.9
"%s and %s" | format("a", "b"), "%(k)s" | format(k="v")
list|sort, list|sort(reverse=true), words|sort, words|sort(case_sensitive=true), people|sort(attribute="age")|map(attribute="name")|list, people|sort(attribute="age,name", reverse=true)|map(attribute="name")|join
[3, 1.5, true]|sort, ["b", "a"]|sort|first, [[2, 1], [1, 5]]|sort
list|join, list|join(", "), list|join("-", attribute=none), people|join(",", attribute="name"), "abc"|join("."), map|join("+")
list|first, list|last, empty|first, "abc"|first, "abc"|last, empty|last is defined
list|length, "héllo😀"|length, map|count, 5|string|length
list|min, list|max, words|min, words|max, people|max(attribute="age"), empty|min is defined, "hello"|max
list|sum, people|sum(attribute="age"), [[1], [2]]|sum(start=[]), [0.1, 0.2]|sum, empty|sum, [true, 2]|sum(start=10)
list|reverse|list, "abc"|reverse, map|reverse|list
["a", "A", "b", "a"]|unique|list, ["a", "A"]|unique(case_sensitive=true)|list, people|unique(attribute="age")|map(attribute="name")|list, [1, 1.0, true, "1"]|unique|list
list|map("string")|list, ["a", "b"]|map("upper")|join, people|map(attribute="at.city")|list, people|map(attribute="zz", default="-")|list
["1", "x"]|map("int", 9)|list, [1.234, 2.5]|map("round", 1)|list, people|map(attribute="name")|map("lower")|list
list|select("odd")|list, list|reject("odd")|list, [0, 1, "", "a", none]|select|list, list|select("gt", 1)|list, list|reject("in", [1, 2])|list, list|select("divisibleby", 3)|list
people|selectattr("age", "eq", 3)|map(attribute="name")|list, people|rejectattr("age", "eq", 3)|map(attribute="name")|list, people|selectattr("name")|list|length, people|selectattr("zz", "undefined")|list|count
people|groupby("age")|list, people|groupby("at.city")|map(attribute="grouper")|list, people|groupby("zz", default="q")|map("first")|list
[1, 2, 3, 4, 5]|batch(2)|list, [1, 2, 3]|batch(2, "-")|list, [1, 2, 3, 4, 5]|slice(2)|list, [1, 2, 3, 4, 5]|slice(3, "x")|list
map|dictsort, map|dictsort(reverse=true), {"b": 1, "A": 2}|dictsort, {"b": 1, "A": 2}|dictsort(true), {"a": 2, "b": 1}|dictsort(by="value"), map|items|list, missing|items|list
x|lower, "aBc"|upper, "hello wORLD foo-bar (baz)"|title, "hELLO"|capitalize, "  a "|trim, "xxaxx"|trim("x"), 5|upper, none|upper, [1]|lower
"a\\nb\\n\\nc"|indent, "a\\nb"|indent(2), "a\\nb"|indent(2, true), "a\\n\\nb"|indent(2, blank=true), "a\\nb"|indent(">>"), "a\\n"|indent, ""|indent
"abc abc"|replace("abc", "x"), "aaa"|replace("a", "b", 2), 123|replace(2, "x"), "a.b"|replace(".", "")
"foo bar baz qux"|truncate(9), "foo bar baz qux"|truncate(9, true), "foo bar baz qux"|truncate(11), "foo bar baz qux"|truncate(11, false, "...", 0)
"hello world this is text"|wordwrap(10), "abcdefghijklmnop"|wordwrap(5), "a-b-c well-known thing"|wordwrap(8), "abcdefgh"|wordwrap(3, false), "one two"|wordwrap(5, wrapstring="|"), "hello-world foo"|wordwrap(7, break_on_hyphens=false)
"one two  three"|wordcount, "a"|center(5) ~ "|", "a"|center|length
"42"|int, "4x"|int, "4x"|int(7), "0x1F"|int(0, 16), "0b11"|int(base=2), "0o17"|int(base=0), "12.7"|int, 3.9|int, "-5"|int, true|int, none|int, " 12 "|int, "1_000"|int, "1e3"|int
"1.5"|float, "x"|float, "x"|float(2), 3|float, "1e3"|float, none|float, "inf"|float, true|float
2.5|round, 3.5|round, 2.567|round(2), 2.1|round(method="ceil"), 2.9|round(0, "floor"), 42|round, 1234|round(-2), 2.675|round(2), 0.125|round(2), -0.5|round, 1.005|round(2)
-5|abs, -2.5|abs, true|abs
1|filesizeformat, 999|filesizeformat, 1000|filesizeformat, 123456789|filesizeformat, 123456|filesizeformat(true), "5"|filesizeformat
"<a href='x'>&</a>"|e, "<b>"|escape|upper, "<"|safe ~ "<", "a b"|forceescape, ("<"|safe) + ">", "<b>"|safe|e
"<p>a  <b>b</b></p><!-- c -->"|striptags, "a b/c?d=é&"|urlencode, {"a b": "c&d", "e": 1}|urlencode, [("a", 1)]|urlencode
map|tojson, [1.5, none, true, "é</'"]|tojson, map|tojson(2), {}|tojson(2), {"b": {"c": []}}|tojson(indent=1)
"it's"|shlex_quote, "a b"|shlex_quote, "plain/1.0"|shlex_quote, ""|shlex_quote
"a\\"b"|yaml_quote, [1, "x", none, true, 1.5]|yaml_quote, {"b": 1, "a": ["é"]}|yaml_quote, "1"|yaml_quote, ""|yaml_quote
"amd64"|qemu_guest_fs_interface(missing), "arm64"|qemu_guest_fs_interface(""), "arm64"|qemu_guest_fs_interface("ide")
"ab"|list, map|list, (1, 2)|list, range(3)|list, 5|string ~ "", [1, 2]|string
{"a": 1}|attr("a") is defined, "abc"|attr("upper") is callable
range(5), range(1, 10, 3)|list, range(5, 0, -2)|list, range(0)|list, range(10)|length, range(3)[1], range(3)[-1], 2 in range(3)
dict(a=1, b=2), dict([("a", 1)]), dict({"a": 1}, b=2), dict()
namespace(a=1).a, namespace(a=1)
x is defined, x is string, n is number, f is float, n is integer, yes is boolean, yes is true, none is none, list is sequence, map is mapping, list is iterable, n is iterable, missing is sequence, missing is iterable
3 is odd, 3 is even, 9 is divisibleby 3, 9 is divisibleby(3), 1 is eq 1, 1 is ne 2, 1 is lt 2, 2 is ge(2), 1 is in [1, 2], 1 is sameas true, true is sameas true, "a" is lower, "A" is upper, "x" is escaped, "upper" is filter, "zz" is filter, "odd" is test, x is callable, range is callable
x is not defined, n is not odd, not n is odd
true is number, 1.0 is integer, "a" is sequence, none is sequence, range(2) is sequence, map.items() is sequence, map.items() is iterable
{"a": 1} == {"a": 1.0}, [1, [2]] == [1, [2]], (1,) == [1], none == false, missing == missing2, "a" != "b"
list.append(4), list, list.pop(), list.index(1), list.count(2), list.copy(), list.extend([9]), list
[3, 1, 2].sort(), map.pop("b"), map, map.update({"z": 1}), map, map.setdefault("q", []), map.copy()
lists is defined and lists.foo
"%s" % missing, missing ~ "x", [missing], {"a": missing}
x|string|upper|lower|length + 1
-x|length if false else -5|abs
[1, 2, 3,], {"a": 1,}, (1, 2,)
"abc"[1], "a".upper().lower(), "a b".split()[1], [1, 2].index(2)
"a" if x == "X" and n > 3 or false else "b"
3 in [1, 2, 3] and not 4 in [1, 2]
1 if true else 2 ~ 3, 1 ~ 2 if true, "a" ~ ("b" if yes)
x == "X" == true, 1 < 2 == true
[[1, 2], [3]]|map("length")|list, [[1, 2], [3]]|map("sum")|list
(1.0)|int, 1.0|string, 3.0 * 2, 7 / 7, 2 * 1.5, 10 // 3.0, 5 % 2.5, 0.1 * 3, 1e300 * 1e10
1000000000000000000000 + 1, -9223372036854775809, 99999999999999999999 // 7, 5 ** 40
"abc" is string and "abc"|length == 3
"İ".lower()|length, "ß".upper(), "ÀÉ".lower()
["x" ~ "y", "a"] | join(" + ") | upper
{"a": {"b": {"c": 1}}}.a.b.c, {"items": 1}["items"], {"items": 1}.items is callable
missing.foo
missing + 1
none.foo is defined, none + 1
n.foo is defined, n.bit_length(), f.is_integer()
"a" + 1
1 + "a"
[1] + (2,)
1 / 0
1 % 0
"abc".index("z")
[1, 2][1.5]
"a"|nofilter
x is notest
x()
missing()
missing|int + missing|float
{[1]: 2}
"abc" < 1
5|length
5|join
"%d" % "a"
"%s %s" % "a"
"%s" % ("a", "b")
range(1000000)
"x".__class__, x.__class__.__mro__
x.__class__.__mro__[0]
"".__class__ is defined, ""["__class__"] is defined, x._private is defined
map["__class__"], map.constructor, map.__proto__ is defined, list.constructor is defined, list.length, x.length, x.toString is defined
loop
namespace().x is defined
cycler("a", "b").next(), joiner("x")(), cycler("a").current
lipsum is defined, dict is callable
`
  .split("\n")
  .reduce(
    (all, line) => {
      // a line that begins in the middle of a text goes on
      if (all.open) all.list[all.list.length - 1] += `\n${line}`;
      else if (line !== "") all.list.push(line);
      all.open = line.endsWith("\\");
      return all;
    },
    { list: [], open: false },
  )
  .list.map((expression) => `{{ (${expression}) }}`);

const statements = [
  // data and white space
  "a\nb\n",
  "a\n\n",
  "\n\na",
  "a\r\nb\rc",
  "{% if 1 %}\nx\n{% endif %}\ny",
  "{% if 1 %}\n\nx{% endif %}\n\ny",
  "{{ 1 }}\n{{ 2 }}\n",
  "  {%- if 1 %} a {%- endif -%}  \n b",
  "a {{- 1 -}} b  {{ 2 -}}\n\n c",
  "a {#- c -#} b {# d #}\ne {#+ f +#}\ng",
  "a\n  {%+ if 1 +%}\nb\n{%+ endif %}\nc",
  "{% if 1 -%}\n\n  x\n{%- endif %}\n\n",
  "a  {%- set b = 1 %}\n  {{- b }}",
  "{{ '}}' }} {{ '%}' }} {# {{ x }} {% if %} #}",
  "{{ {'a': {'b': 1}} }} {{ {'a': {'b': {}}}['a'] }}",
  "{% raw %}{{ x }} {% if %} {# y #}{% endraw %}",
  "a {%- raw -%}  b {{ c }}  {%- endraw -%}  d",
  "{% raw %}\nx\n{% endraw %}\ny",
  "{{ x\n }}{{\nn}}",
  "{{ 'multi\nline' }}",
  "{ { x } } {{'{{'}} %} #}",
  // set
  "{% set a = 1 %}{{ a }}",
  "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
  "{% set a = 1, 2 %}{{ a }}",
  "{% set a, (b, c) = [1, [2, 3]] %}{{ a }}{{ b }}{{ c }}",
  "{% set a = 'x' %}{% if yes %}{% set a = 'y' %}{% endif %}{{ a }}",
  "{% if none %}{% set a = 1 %}{% endif %}{{ a is defined }}",
  "{% if none %}{% set x = 1 %}{% endif %}{{ x }}",
  "{% for i in [1, 2] %}{% set x = i %}{{ x }}{% endfor %}{{ x }}",
  "{% for i in [1, 2] %}{% set n = n + i %}{{ n }} {% endfor %}{{ n }}",
  "{% for i in [1] %}{{ x }}{% endfor %}{% set x = 2 %}{{ x }}",
  "{% set ns = namespace(found=false, n=0) %}{% for i in list %}{% set ns.n = ns.n + i %}{% if i == 1 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }} {{ ns.n }}",
  "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a + ns.b }}",
  "{% set map.q = 1 %}",
  "{% set a %}  text {{ x }}\n{% endset %}[{{ a }}]",
  "{% set a | upper | replace('T', 'z') %}text{% endset %}{{ a }}",
  "{% set a = missing %}{{ a is defined }}|{{ a }}",
  "{% set a = b = 1 %}",
  // if
  "{% if empty %}a{% elif none %}b{% elif yes %}c{% else %}d{% endif %}",
  "{% if not yes %}a{% else %}b{% endif %}",
  "{% if x is defined and x %}1{% endif %}{% if missing %}2{% endif %}",
  "{% if 1, 2 %}t{% endif %}",
  // for
  "{% for i in list %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}",
  "{% for i in empty %}x{% else %}none{% endfor %}",
  "{% for i in missing %}x{% else %}none{% endfor %}",
  "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}",
  "{% for k in map %}{{ k }}{% endfor %}{% for c in 'abc' %}{{ c }}.{% endfor %}",
  "{% for i in list if i > 1 %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% else %}no{% endfor %}",
  "{% for i in list if i > 9 %}x{% else %}no{% endfor %}",
  "{% for i in list %}{{ loop.index0 }}{{ loop.index }}{{ loop.revindex0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }} {% endfor %}",
  "{% for i in list %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}",
  "{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{{ loop.cycle('a', 'b') }} {% endfor %}",
  "{% for a in [1, 2] %}{% for b in [3, 4] %}{{ loop.index }}{{ a }}{{ b }} {% endfor %}{{ loop.index }}{% endfor %}",
  "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
  "{% for a, b in [1] %}{% endfor %}",
  "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
  "{% for i in 5 %}{% endfor %}",
  "{% for n in [{'v': 1, 'c': [{'v': 2, 'c': []}, {'v': 3, 'c': [{'v': 4, 'c': []}]}]}] recursive %}{{ n.v }}[{{ loop(n.c) }}]{{ loop.depth }}{% endfor %}",
  "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 1, -2) %}{{ i }}{% endfor %}",
  "{% for i in [3, 4] %}{{ loop.index }}{% endfor %}{{ loop is defined }}",
  "{% for loop in [1] %}{% endfor %}",
  "{% for i in list|sort|reverse %}{{ i }}{{ loop.length }}{% endfor %}",
  "{% for g, items in people|groupby('age') %}{{ g }}:{% for p in items %}{{ p.name }},{% endfor %}{% endfor %}",
  "{% for g in people|groupby('age') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}",
  "{% set l = [1] %}{% for i in l %}{% if i < 4 %}{% set _ = l.append(i + 1) %}{% endif %}{{ i }}{% endfor %}",
  "{% set ns = namespace(s=[]) %}{% for i in [1, 2, 1] if i not in ns.s %}{% set ns.s = ns.s + [i] %}{{ i }}{% endfor %}",
  "{% for i in list %}\n  - {{ i }}\n{% endfor %}\nend",
  "{% for x in [1] %}{{ x }}{% endfor %}{{ x }}",
  "{% for i in [1] %}{% if yes %}{% set q = 5 %}{% endif %}{{ q }}{% endfor %}{{ q is defined }}",
  // with, filter, call, macro
  "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}",
  "{% with x = x ~ '!' %}{{ x }}{% endwith %}{{ x }}",
  "{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z is defined }}",
  "{% with a = 1, b = a %}{{ b is defined }}{% endwith %}",
  "{% filter upper %}abc {{ x }}{% endfilter %}",
  "{% filter indent(width=2) %}\na\nb\n{% endfilter %}",
  "{% filter upper|replace('A', 'z') %}aab{% endfilter %}",
  "{% filter indent %}{% set q = 1 %}{{ q }}{% endfilter %}{{ q is defined }}",
  "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }} {{ m() }}",
  "{% macro m(a) %}{{ varargs }} {{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k=4) }}",
  "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
  "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=1) }}",
  "{% macro m(a, b=a ~ '2') %}{{ b }}{% endmacro %}{{ m('q') }}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}",
  "{% macro m() %}{{ x }}{% set x = 3 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}",
  "{% set q = 1 %}{% macro m() %}{{ q }}{% endmacro %}{% set q = 2 %}{{ m() }}",
  "{% macro fact(n) %}{{ 1 if n < 2 else n * fact(n - 1)|int }}{% endmacro %}{{ fact(5) }}",
  "{% macro box() %}[{{ caller() }}]{% endmacro %}{% call box() %}in {{ x }}{% endcall %}",
  "{% macro each(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i) each([1, 2]) %}<{{ i }}>{% endcall %}",
  "{% macro box() %}{{ caller is defined }}{% endmacro %}{{ box() }}",
  "{% macro box() %}{{ caller() }}{% endmacro %}{{ box() }}",
  "{% macro a(caller) %}{{ caller }}{% endmacro %}",
  "{% macro a(x, y=1, z) %}{% endmacro %}",
  "{{ m is defined }}{% macro m() %}{% endmacro %}{{ m is defined }}{{ m }}",
  // include, import, inheritance
  "{% include 'partial.jinja2' %}{% set i = 2 %}{% include 'partial.jinja2' %}",
  "{% for i in [1, 2] %}{% include 'partial.jinja2' %}{% endfor %}",
  "{% include 'partial.jinja2' without context %}",
  "{% include ['no.jinja2', 'partial.jinja2'] %}",
  "{% include 'no.jinja2' ignore missing %}ok",
  "{% include 'no.jinja2' %}",
  "{% include ['no.jinja2', 'nope.jinja2'] ignore missing with context %}ok",
  "{% import 'macros.jinja2' as m %}{{ m.greet('Bob') }} {{ m.version }} {{ m._hidden is defined }} {{ m.zz is defined }}{{ m }}",
  "{% from 'macros.jinja2' import greet as g, version %}{{ g('A', mark='?') }}{{ version }}",
  "{% from 'macros.jinja2' import nope %}{{ nope is defined }}",
  "{% from 'macros.jinja2' import nope %}{{ nope }}{{ nope.x }}",
  "{% from 'macros.jinja2' import greet with context %}{{ greet(1) }}",
  "{% from 'macros.jinja2' import _hidden %}",
  "{% extends 'base.jinja2' %}",
  "{% extends 'base.jinja2' %}{% set x = 'child' %}dropped{% block body %}mine {{ x }}{% endblock %}",
  "{% extends 'middle.jinja2' %}{% set x = 1 %}{% set y = 'mine' %}",
  "{% extends 'middle.jinja2' %}{% block body %}<{{ super() }}{{ super.super() }}>{% endblock %}",
  "before{% extends 'base.jinja2' %}{% if yes %}{% set y = 9 %}{% endif %}after {{ x }}",
  "{% if yes %}{% extends 'base.jinja2' %}{% endif %}{% block body %}B{% endblock %}",
  "{% extends 'base.jinja2' %}{% block body %}{% set y = 1 %}{{ y }}{% endblock %}",
  "{% extends 'base.jinja2' %}{% for i in [1] %}{% set y = i %}{% endfor %}{% include 'partial.jinja2' %}",
  "{% extends 'base.jinja2' %}{% macro m() %}M{{ x }}{% endmacro %}{% block body %}{{ m() }}{% endblock %}",
  "{% extends 'base.jinja2' %}{% set y %}block{% endset %}{% block body %}{% endblock body %}",
  "{% extends 'base.jinja2' %}{% extends 'base.jinja2' %}",
  "{% extends 'no.jinja2' %}",
  "{% extends missing %}",
  "{% extends ['base.jinja2'] %}",
  "{% set t = 'base' %}{% extends t ~ '.jinja2' %}{% block body %}dyn{% endblock %}",
  "{% block a %}1{% block b %}2{% endblock %}3{% endblock %}{{ self.b() }}",
  "{% block a %}{% endblock %}{% block a %}{% endblock %}",
  "{% block a-b %}{% endblock %}",
  "{% block a %}{{ super() }}{% endblock %}",
  "{% set q = 1 %}{% block a %}{{ q }}{% set q = 2 %}{{ q }}{% endblock %}{{ q }}",
  "{% extends 'blocks.jinja2' %}{% block item %}<{{ super() }}{{ i }}>{% endblock %}",
  "{% extends 'unscoped.jinja2' %}{% block item %}<{{ i }}>{% endblock %}",
  "{% extends 'self.jinja2' %}{% block a %}a{{ self.a is defined }}{% endblock %}",
  "{% extends 'required.jinja2' %}{% block must %}done{% endblock %}",
  "{% extends 'required.jinja2' %}",
  "{% include 'required.jinja2' %}",
  "{% for i in [1] %}{% extends 'base.jinja2' %}{% endfor %}",
  // others
  "{% print 1, 'a' %}{% print x %}",
  "{% autoescape false %}{{ '<' }}{% endautoescape %}",
  "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}",
  "{% set j = joiner(', ') %}{% for i in list %}{{ j() }}{{ i }}{% endfor %}",
  "{% if %}{% endif %}",
  "{% if x %}",
  "{% for x in list %}{{ x }}",
  "{% endif %}",
  "{% else %}",
  "{% unknown %}",
  "{% do list.append(1) %}",
  "{% for i in list %}{% break %}{% endfor %}",
  "{{ x",
  "{{ }}",
  "{{ x y }}",
  "{{ 'abc }}",
  "{{ (1 }}",
  "{{ 1) }}",
  "{{ [1} }}",
  "{{ $x }}",
  "{# open",
  "{% raw %}open",
  "{% set = 1 %}",
  "{% set 1 = 2 %}",
  "{% set true = 2 %}",
  "{% block %}{% endblock %}",
  "{{ f(a=1, 2) }}",
  "{{ x is defined is string }}",
  "{{ dict(a=1, **{'b': 2}) }}{{ dict(*[[('c', 3)]]) }}",
  "a\n{{ 1\n + \n missing.x }}",
  "line1\n{% set q = 1 %}\n{{ q.foo.bar }}\n",
  "{% if true: %}colon{% endif %}",
  "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
  "{% if x == 'X' %}1{% endif %}{% if x != 'X' %}2{% endif %}",
  "{{ x.y.z }}",
  "{{ 'a' if yes }}{{ 'b' if none }}|",
  "{% set a = [] %}{% set _ = a.append(a) %}{{ a }}",
  "{% set a = {} %}{% set _ = a.update(b=a) %}{{ a }}",
  "{{ [1, 2]|map('upper') is iterable }}{{ ([1, 2]|map('string'))|list }}",
  "{% set g = list|map('string') %}{{ g|list }}{{ g|list }}",
  "{{ super is defined }}",
];

export const cases = [...expressions, ...statements];
