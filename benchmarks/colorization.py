"""How close to the originals, and how vivid, colours are at each temperature: a table, a curve and a picture.

    keraszoo train colorization/cifar10 --run runs/colorization
    python benchmarks/colorization.py runs/colorization [RUN ...] [--out colorization]

Each run is a line of the curve. PSNR is that of all pixels together too: an image without colours is given back by grey
to the last bit, above 100 dB, and a few such images decide the mean over the images. See benchmarks/README.md.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from keraszoo.layers.lab import chroma
from keraszoo.metrics import psnr
from keraszoo.runs.run import Run

TEMPERATURES = (1.0, 0.8, 0.6, 0.5, 0.38, 0.25, 0.1, 0.0)
SHOWN = (1.0, 0.38, 0.0)  # of the picture
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
WIDTH, HEIGHT, MARGIN = 720, 480, 70


def restored(model, grey, temperature, batch=250):
    parts = [grey[first : first + batch] for first in range(0, len(grey), batch)]
    options = {} if model.temperature is None else {"temperature": temperature}
    return np.concatenate([model.restore(part, **options) for part in parts])


def saturation(images):
    """Of HSV, the mean over pixels and images: (largest - smallest) / largest of red, green and blue."""
    largest = np.max(images, axis=-1)
    return float(np.mean(np.divide(np.ptp(images, axis=-1), largest, out=np.zeros_like(largest), where=largest > 0)))


def mean_chroma(images):
    return float(np.mean([np.mean(chroma(image)) for image in images]))


def measures(clean, images):
    """The images' mean PSNR; that of all pixels together; chroma and saturation over those of the originals."""
    together = -10 * np.log10(np.mean(np.square(clean - images)))
    vivid = (mean_chroma(images) / mean_chroma(clean), saturation(images) / saturation(clean))
    return (float(np.mean(psnr(clean, images))), float(together), *vivid)


def curve(lines, grey_psnr):
    """A picture of lines {name: [(temperature, PSNR, chroma)]}, over chroma; grey stands at chroma 0."""
    points = np.array([point[1:] for line in lines.values() for point in line])
    low, high = np.floor(min(points[:, 0].min(), grey_psnr)), np.ceil(max(points[:, 0].max(), grey_psnr))
    right = max(1.05, float(points[:, 1].max()) + 0.05)
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)

    def place(vivid, decibel):
        x = MARGIN + vivid / right * (WIDTH - 2 * MARGIN)
        return x, HEIGHT - MARGIN - (decibel - low) / (high - low) * (HEIGHT - 2 * MARGIN)

    for value in np.arange(low, high + 0.1):
        draw.line([place(0, value), place(right, value)], "#dddddd")
        draw.text((MARGIN - 8, place(0, value)[1]), f"{value:.0f}", "black", font, anchor="rm")
    for value in np.arange(0, right, 0.2):
        draw.line([place(value, low), place(value, high)], "#dddddd")
        draw.text((place(value, low)[0], HEIGHT - MARGIN + 8), f"{value:.1f}", "black", font, anchor="ma")
    draw.text((WIDTH / 2, HEIGHT - 28), "mean chroma, of that of the originals", "black", font, anchor="mm")
    draw.text((MARGIN, MARGIN / 2 - 8), "PSNR (dB) of all pixels together", "black", font, anchor="lm")
    x, y = place(0, grey_psnr)
    draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill="black")
    draw.text((x + 8, y + 4), "grey", "black", font, anchor="la")
    for (name, line), colour, row in zip(lines.items(), COLOURS, range(len(lines)), strict=False):
        places = [place(vivid, decibel) for _, decibel, vivid in line]
        draw.line(places, colour, 2)
        for (temperature, *_), (x, y) in zip(line, places, strict=True):
            draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill=colour)
            draw.text((x + 5, y - 4), f"T={temperature:g}", colour, font, anchor="ld")
        draw.text((WIDTH - MARGIN, MARGIN / 2 - 8 + 18 * row), name, colour, font, anchor="rm")
    return page


def picture(columns, scale=3):
    """Images side by side, a row each: [arrays of [rows, height, width, 3]]."""
    page = np.concatenate([np.concatenate(list(column), axis=0) for column in columns], axis=1)
    page = np.rint(255 * page).astype("uint8")
    return Image.fromarray(page.repeat(scale, 0).repeat(scale, 1))


def main():
    parser = argparse.ArgumentParser(description="Colourisation at each temperature: PSNR, chroma, saturation.")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="trained on the same data; the first one is pictured")
    parser.add_argument("--count", type=int, default=4000, help="test images at most (default: 4000)")
    parser.add_argument("--split", help="other than the recipe's test split")
    parser.add_argument("--rows", type=int, default=10, help="images of the picture (default: 10)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets")
    parser.add_argument("--out", default="colorization", help="beginning of the files' names (default: colorization)")
    options = parser.parse_args()
    opened = {pathlib.Path(path).name: Run.open(path) for path in options.runs}
    data = next(iter(opened.values())).data(options.data_dir)
    clean = data.examples(options.split or data.data.test, options.count)
    rows, lines, pictured = [], {}, []
    for name, run in opened.items():
        model = run.model()
        (grey,) = (np.asarray(part) for part in model.damaged(tf.constant(clean)))
        grey_images = np.repeat(grey, 3, axis=-1)
        for temperature in TEMPERATURES if model.temperature is not None else (1.0,):
            found = measures(clean, restored(model, grey, temperature))
            rows.append((name, f"{temperature:g}", *found))
            lines.setdefault(name, []).append((temperature, found[1], found[2]))
            print(rows[-1], flush=True)
        if not pictured:
            few = [restored(model, grey[: options.rows], temperature) for temperature in SHOWN]
            pictured = [grey_images[: options.rows], *few, clean[: options.rows]]
    of_grey = measures(clean, grey_images)
    lines_of_table = ["| run | T | PSNR | PSNR of all pixels | chroma | saturation |", "|---" * 6 + "|"]
    for name, temperature, *found in [("grey", "-", *of_grey), *rows]:
        cells = (f"{found[0]:.2f}", f"{found[1]:.2f}", f"{found[2]:.3f}", f"{found[3]:.3f}")
        lines_of_table.append(f"| {name} | {temperature} | {' | '.join(cells)} |")
    pathlib.Path(f"{options.out}.md").write_text("\n".join(lines_of_table) + "\n")
    curve(lines, of_grey[1]).save(f"{options.out}_curve.png")
    picture(pictured).save(f"{options.out}_images.png")
    print("\n".join(lines_of_table))


if __name__ == "__main__":
    main()
