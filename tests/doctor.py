"""Examines exported versions as `keraszoo.export.outside._capi` does one: each line of input is the path of a job."""

import sys

from keraszoo.export.outside import _capi


def main():
    for line in sys.stdin:
        sys.argv[1:] = [line.strip()]
        _capi.main()
        print("done", flush=True)


if __name__ == "__main__":
    main()
