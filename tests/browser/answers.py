"""What students may write: answers that would act in the browser of who looks at them, odd ones."""

from __future__ import annotations

ACT = "document.documentElement.dataset.acted=1"
ACTED = "document.documentElement.dataset.acted"
ACTING = {
    "a": f"""from IPython.display import HTML, Javascript, Latex, Markdown, display
a = [6, 7]
display(HTML("<script>{ACT}</script><img src=x onerror='{ACT}'>"))
display(Javascript("{ACT}"))
display(Latex("<img src=x onerror={ACT}>"))
display(Markdown("<img src=x onerror={ACT}>"))
display({{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='{ACT}'/>"}}, raw=True)
display({{"image/png": '"><img src=x onerror={ACT}>'}}, raw=True)
size = {{"image/png": {{"width": "1 onerror={ACT}"}}}}
display({{"image/png": "x"}}, metadata=size, raw=True)
print("<script>{ACT}</script>")
raise ValueError("<script>{ACT}</script>")""",
    "b": f"b = '<img src=x onerror={ACT}>'",
    "why": f"""The window. <script>{ACT}</script> <img src=x onerror={ACT}> <svg onload={ACT}>
<details open ontoggle={ACT}>x</details> <iframe srcdoc="<script>parent.{ACT}</script>"></iframe>
<style onload={ACT}></style> $<img src=x onerror={ACT}>$
![far](https://example.org/x.png) <p style="background: url(https://example.org/y)">far</p>""",
}


ODD = {
    "nothing": "",
    "attachment": "See ![my drawing](attachment:gone.png).",
    "control": "a\x00b\x1b[31m \u202e \ufffe",
    "right to left": "הפילטר רואה דפוס \u202e ‮ abc",
    "long": "word " * 200_000,
    "nested": "<div>" * 3000,
    "formulas": "$x$ $$\\frac{$$ \\begin{a}",
}
