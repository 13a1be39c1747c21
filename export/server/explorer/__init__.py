"""The page `/explore`: plain files, which ask the server that they come from and nobody else."""

from pathlib import Path

from starlette.responses import Response
from starlette.routing import Route

_FILES = {
    "/explore": ("index.html", "text/html"),
    "/explore/explorer.js": ("explorer.js", "text/javascript"),
    "/explore/style.css": ("style.css", "text/css"),
}
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src *; img-src blob: data:; base-uri 'none'"


def routes():
    """Starlette's routes to the page and what belongs to it."""
    return [Route(path, _answering(*file)) for path, file in _FILES.items()]


def _answering(name, media_type):
    content = (Path(__file__).parent / name).read_bytes()

    async def answer(request):
        return Response(content, media_type=media_type, headers={"Content-Security-Policy": _POLICY})

    return answer
