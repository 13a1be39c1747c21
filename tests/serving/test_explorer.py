"""The page `/explore`: in every suite that it is served, and in Chromium that it shows what the server answers."""

import http.server
import re
import shutil
import subprocess
import threading

import pytest
import runner

# What a user does: moves a slider, asks for other samples, drops an image; each waits until something has changed.
_DRIVER = """
const changed = async (what) => {
  const before = what();
  return async () => { for (let i = 0; i < 200 && what() === before; i++) await new Promise((r) => setTimeout(r, 50));
                       return what() !== before; };
};
const act = (id, value, event = "input") => { const it = document.getElementById(id); it.value = value;
                                              it.dispatchEvent(new Event(event)); };
const sum = () => document.getElementById("decoded").dataset.sum;
const first = () => (document.querySelector("#samples canvas") || { dataset: {} }).dataset.sum;
const answers = () => document.getElementById("answers").childElementCount;
(async () => {
  while (!document.body.dataset.ready) await new Promise((r) => setTimeout(r, 50));
  let wait = await changed(sum);
  act("z0", 2);
  document.body.dataset.slider = await wait();
  wait = await changed(first);
  act("seed", 7);
  document.body.dataset.seeded = await wait();
  wait = await changed(answers);
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").fillRect(0, 0, 20, 20);
  const files = new DataTransfer();
  files.items.add(new File([await new Promise((r) => canvas.toBlob(r))], "digit.png", { type: "image/png" }));
  document.getElementById("file").files = files.files;
  document.getElementById("file").dispatchEvent(new Event("change"));
  document.body.dataset.dropped = await wait();
  document.body.dataset.driven = "yes";
})();
"""


def test_page_is_served_with_its_files_and_asks_nobody_else(server):
    for path, kind in (
        ("/explore", "text/html"),
        ("/explore/explorer.js", "text/javascript"),
        ("/explore/style.css", "text/css"),
    ):
        status, headers, body = runner.send(server.rest, "GET", path)
        assert status == 200 and headers["content-type"].startswith(kind) and body
        assert "default-src 'none'; script-src 'self'" in headers["Content-Security-Policy"]
        assert not re.findall(rb"""(?:src|href)=["'](?:https?:)?//""", body)


def shown(address, what=""):
    """The page as Chromium has it when it is at rest: (pictures of the code, of the samples), and all of it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]
    page = subprocess.run([chromium, *options, f"{address}{what}"], capture_output=True, text=True, check=True).stdout
    decoded = re.findall(r'<canvas id="decoded"[^>]*data-sum="([^"]*)"', page)
    samples = re.findall(
        r'<canvas[^>]*data-sum="([^"]*)"', page.partition('id="samples"')[2].partition("</section>")[0]
    )
    return decoded, samples, page


@pytest.mark.browser
def test_page_shows_codes_and_samples(server):
    address = f"http://{server.rest}/explore"
    decoded, samples, page = shown(address, "#model=vae&latent=0,0&seed=1")
    assert len(decoded) == 1 and len(samples) == 16 and len(set(samples)) > 8
    assert 'data-ready="vae"' in page and 'role="status"' in page
    assert 'data-ready="vae"' in shown(address)[2]  # not the first model, but the first that draws
    assert shown(address, "#model=vae&latent=0,0&seed=1")[:2] == (decoded, samples)
    moved, same_seed, _ = shown(address, "#model=vae&latent=2,-1&seed=1")
    assert moved != decoded and same_seed == samples
    assert shown(address, "#model=vae&latent=2,-1&seed=2")[1][:-1] == samples[1:]  # the rows' seeds are 2, 3, ...


@pytest.mark.browser
def test_page_asks_for_the_class_that_is_chosen(zoo_server):
    zoo_server.serve("ConditionalVAE")
    address = f"http://{zoo_server.rest}/explore"
    decoded, samples, page = shown(address, "#model=ConditionalVAE&label=1")
    assert len(decoded) == 1 and len(samples) == 16 and "Missing" not in page
    others = shown(address, "#model=ConditionalVAE&label=2")
    assert others[0] != decoded and not set(others[1]) & set(samples)


@pytest.fixture
def driven(server):
    """The page with a user's acts in it, from a server that hands all requests on."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0))) or None
            status, headers, answer = runner.send(server.rest, self.command, self.path, body)
            if self.path == "/explore":
                answer = answer.replace(b"</head>", b'<script src="explore/driver.js" defer></script></head>')
            if self.path == "/explore/driver.js":
                status, answer = 200, _DRIVER.encode()
            self.send_response(status)
            kind = "text/javascript" if self.path.endswith(".js") else headers.get("content-type", "text/plain")
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}/explore"
        proxy.shutdown()


@pytest.mark.browser
def test_moving_a_slider_changes_the_picture(driven):
    page = shown(driven, "#model=vae")[2]
    assert 'data-driven="yes"' in page, page[-3000:]
    for what in ("slider", "seeded", "dropped"):
        assert f'data-{what}="true"' in page, what
