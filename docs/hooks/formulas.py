"""Formulas become MathML while the manual is built: browsers draw it without a script.

Arithmatex, an extension of Markdown, finds `$...$` and `$$...$$` and leaves TeX in an element of its own.
"""

import html
import re
import unicodedata

from latex2mathml.converter import convert

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.S)

SCRIPT = re.compile('<mi mathvariant="script">([A-Z])</mi>')  # which browsers no longer draw
#: a function's name before its argument, where that is not in brackets
FUNCTION = re.compile(r'<mi>(log|max|min|det|tanh|cos|softmax)</mi>(?!<mo stretchy="false">&#x00028;|</)')


def on_page_content(content, **_):
    def mathml(match):
        element, tex = match.groups()
        formula = convert(html.unescape(tex).strip(), display="inline" if element == "span" else "block")
        formula = SCRIPT.sub(
            lambda match: f"<mi>{unicodedata.lookup('MATHEMATICAL SCRIPT CAPITAL ' + match[1])}</mi>", formula
        )
        return FUNCTION.sub(r"\g<0><mspace width='0.17em'/>", formula)

    return FORMULA.sub(mathml, content)
