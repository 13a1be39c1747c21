"""A page about finished runs: `keraszoo report`."""
