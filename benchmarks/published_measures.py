"""The measures of the zoo beside the code that published them, on the same numbers.

    python benchmarks/published_measures.py CHECKOUTS [--seed 0]

CHECKOUTS is a folder with checkouts of google-research/disentanglement_lib, cianeastwood/qedr,
clovaai/generative-evaluation-prdc, mseitzer/pytorch-fid and GaParmar/clean-fid, each under its own name; scikit-image
must be installed. See benchmarks/README.md.
"""

import argparse
import ast
import functools
import os
import pathlib
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import scipy
import sklearn
from scipy import ndimage
from sklearn import ensemble, linear_model, metrics, preprocessing, svm

from keraszoo import metrics as ours
from keraszoo.metrics.disentanglement.dci import TREES
from keraszoo.metrics.disentanglement.table import distinct_rows, train_and_test_rows

SIZES = (3, 6, 20, 16, 16)  # the factors of shapes/32


def published(path, **names):
    """The functions of a file, without what it imports and without decorators: those names it finds in `names`."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for function in tree.body:
        function.decorator_list = []
        function.returns = None
        for argument in function.args.args:
            argument.annotation = None
        function.args.defaults = [
            default if isinstance(default, ast.Constant) else ast.Constant(None) for default in function.args.defaults
        ]
    silent = types.SimpleNamespace(info=lambda *_: None)
    space = {"np": np, "scipy": scipy, "sklearn": sklearn, "logging": silent, "print": lambda *_: None, **names}
    exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), space)
    return types.SimpleNamespace(**space)


class Grid:
    """Ground truth as disentanglement_lib asks for it: an observation is the number of a row."""

    num_factors = len(SIZES)

    def sample_factors(self, count, random):
        return np.stack([random.randint(size, size=count) for size in SIZES], axis=1)

    def sample_observations_from_factors(self, factors, random):
        return np.ravel_multi_index(tuple(factors.T), SIZES)

    def sample_observations(self, count, random):
        return self.sample_observations_from_factors(self.sample_factors(count, random), random)


def codes_of(factors, seed):
    """Five units that mix the factors, with noise, and three that hold a factor each and hardly move."""
    random = np.random.default_rng(seed)
    standardised = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    mixing = np.eye(len(SIZES)) + 0.5 * random.normal(size=[len(SIZES)] * 2)
    mixed = standardised @ mixing + 0.3 * random.normal(size=factors.shape)
    return np.concatenate([mixed, 1e-3 * standardised[:, :3]], axis=1)


def disentanglement(checkouts, seed):
    """Rows (measure, ours, theirs)."""
    folder = checkouts / "disentanglement_lib" / "disentanglement_lib" / "evaluation" / "metrics"
    factors = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)
    codes = codes_of(factors, seed)
    utils = published(folder / "utils.py")
    utils.make_discretizer = functools.partial(utils._histogram_discretize, num_bins=20)
    mig = published(folder / "mig.py", utils=utils)
    yield "MIG", ours.mutual_information_gap(codes, factors), mig._compute_mig(codes.T, factors.T)["discrete_mig"]
    explicit = published(
        folder / "modularity_explicitness.py",
        linear_model=linear_model,
        metrics=metrics,
        preprocessing=preprocessing,
    )
    information = utils.discrete_mutual_info(utils.make_discretizer(codes.T), factors.T)
    yield "modularity", ours.modularity_score(codes, factors), explicit.modularity(information)

    train, test = train_and_test_rows(len(codes), seed)
    seeded = functools.partial(ensemble.GradientBoostingClassifier, random_state=seed)  # theirs has no seed
    boosting = published(folder / "dci.py", ensemble=types.SimpleNamespace(GradientBoostingClassifier=seeded))
    kept = np.flatnonzero((factors[:, 3:] < 3).all(axis=1) & (factors[:, 2] < 4))  # boosting of many values takes long
    table, values = codes[kept], factors[kept]
    rows, others = train_and_test_rows(len(table), seed)
    importances, _, accuracy = boosting.compute_importance_gbt(
        table[rows].T, values[rows].T, table[others].T, values[others].T
    )
    found = ours.dci_scores(table, values, trees="boosting", seed=seed)
    yield "DCI disentanglement, boosting", found.disentanglement, boosting.disentanglement(importances)
    yield "DCI completeness, boosting", found.completeness, boosting.completeness(importances)
    yield "DCI informativeness, boosting", found.informativeness, accuracy
    importances = [TREES["forest"](seed).fit(table[rows], value[rows]).feature_importances_ for value in values.T]
    importances = np.stack(importances, axis=1)
    entropic = published(checkouts / "qedr" / "lib/eval/regression.py", TINY=1e-12).entropic_scores
    found = ours.dci_scores(table, values, seed=seed)
    theirs = np.average(entropic(importances.T), weights=importances.sum(axis=1))
    yield "DCI disentanglement of a forest's importances", found.disentanglement, theirs
    yield "DCI completeness of a forest's importances", found.completeness, np.mean(entropic(importances))

    mean, deviation = codes[train].mean(axis=0), codes[train].std(axis=0)
    units = ((codes - mean) / deviation).T
    areas = [
        explicit.explicitness_per_factor(units[:, train], factor[train], units[:, test], factor[test])[1]
        for factor in factors.T
    ]
    yield "explicitness", ours.explicitness_score(codes, factors, seed=seed), np.mean(areas)

    codes_of_rows, factors_of_rows, _ = distinct_rows(codes, factors)  # which SAP draws from
    for dual in (False, True):
        machines = types.SimpleNamespace(LinearSVC=functools.partial(svm.LinearSVC, dual=dual, random_state=seed))
        sap = published(folder / "sap_score.py", svm=machines)
        sides = [part for rows in (train, test) for part in (codes_of_rows[rows].T, factors_of_rows[rows].T)]
        theirs = sap.compute_avg_diff_top_two(sap.compute_score_matrix(*sides, False))
        yield f"SAP, {'dual' if dual else 'primal'} solver", ours.sap_score(codes, factors, seed=seed), theirs

    votes = published(folder / "factor_vae.py", utils=utils)
    votes_of = functools.partial(
        votes.compute_factor_vae, batch_size=64, num_train=10_000, num_eval=5000, num_variance_estimate=10_000
    )
    for threshold in (0.05, 0.0):
        votes_of.func.__globals__["_prune_dims"] = functools.partial(votes._prune_dims, threshold=threshold)
        mine = [ours.factor_vae_score(codes, factors, least_deviation=threshold, seed=s) for s in range(3)]
        theirs = [
            votes_of(Grid(), lambda rows: codes[rows], np.random.RandomState(s))["eval_accuracy"] for s in range(3)
        ]
        yield f"FactorVAE, threshold {threshold}, other draws, mean of 3", np.mean(mine), np.mean(theirs)
    higgins = published(folder / "beta_vae.py", linear_model=linear_model, utils=utils)
    theirs = [
        higgins.compute_beta_vae_sklearn(
            Grid(), lambda rows: codes[rows], np.random.RandomState(s), None, 64, 10_000, 5000
        )["eval_accuracy"]
        for s in range(3)
    ]
    mine = [ours.higgins_score(codes, factors, seed=s) for s in range(3)]
    yield "Higgins, other draws, mean of 3", np.mean(mine), np.mean(theirs)


def samples(checkouts, seed):
    """Rows (measure, ours, theirs)."""
    random = np.random.default_rng(seed)
    real, fake = random.normal(size=[1000, 32]), 1.2 * random.normal(size=[1000, 32]) + 0.1
    moments = [part for side in (real, fake) for part in (side.mean(axis=0), np.cov(side, rowvar=False))]
    roots = types.SimpleNamespace(sqrtm=lambda matrix, disp=True: (scipy.linalg.sqrtm(matrix), None))
    for name, file, function in (
        ("pytorch-fid", "src/pytorch_fid/fid_score.py", "calculate_frechet_distance"),
        ("clean-fid", "cleanfid/fid.py", "frechet_distance"),
    ):
        theirs = getattr(published(checkouts / name / file, linalg=roots), function)
        yield f"Frechet distance, {name}", ours.frechet_distance(real, fake), theirs(*moments, eps=1e-6)
    kernel = published(checkouts / "clean-fid" / "cleanfid/fid.py").kernel_distance
    yield "kernel distance, one subset of all", ours.kernel_distance(real, fake), kernel(real, fake, 1, 1000)
    np.random.seed(seed)
    yield "kernel distance, 100 subsets of 500", ours.kernel_distance(real, fake), kernel(real, fake, 100, 500)
    neighbours = published(checkouts / "generative-evaluation-prdc" / "prdc/prdc.py")
    theirs = neighbours.compute_prdc(real, fake, 5)
    mine = {
        **dict(zip(("precision", "recall"), ours.precision_recall(real, fake, 5), strict=True)),
        **dict(zip(("density", "coverage"), ours.density_coverage(real, fake, 5), strict=True)),
    }
    for name, value in theirs.items():
        yield name, mine[name], value


def images(seed):
    """Rows (measure, ours, theirs)."""
    from skimage.metrics import adapted_rand_error, peak_signal_noise_ratio, structural_similarity

    random = np.random.default_rng(seed)
    clean = ndimage.gaussian_filter(random.random([64, 48]), 2)
    clean = (clean - clean.min()) / np.ptp(clean)
    noisy = np.clip(clean + 0.1 * random.normal(size=clean.shape), 0, 1)
    pair = clean[None, ..., None].astype("float32"), noisy[None, ..., None].astype("float32")
    yield "PSNR", float(ours.psnr(*pair)[0]), peak_signal_noise_ratio(clean, noisy, data_range=1.0)
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    yield "SSIM", float(ours.ssim(*pair)[0]), structural_similarity(clean, noisy, **window)

    def blobs(sd):
        return ours.segments((ndimage.gaussian_filter(random.standard_normal((60, 80)), sd) > 0).astype(int))

    truth, found = blobs(2.0), blobs(2.0)
    thin = ours.thin_borders(found)
    yield "V_rand", ours.v_rand(truth, found), 1 - adapted_rand_error(truth, thin)[0]
    alone = np.where(found > 0, found, found.max() + 1 + np.arange(found.size).reshape(found.shape))
    yield "Rand error, border pixels alone", ours.rand_error(truth, found), adapted_rand_error(truth, alone)[0]
    inside = truth > 0
    arithmetic = metrics.normalized_mutual_info_score(truth[inside], thin[inside], average_method="arithmetic")
    yield "V_info", ours.v_info(truth, found), arithmetic


def main():
    parser = argparse.ArgumentParser(description="The zoo's measures beside the code that published them.")
    parser.add_argument("checkouts", type=pathlib.Path, help="folder with the checkouts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    checkouts, seed = options.checkouts, options.seed
    for rows in (samples(checkouts, seed), images(seed), disentanglement(checkouts, seed)):
        for measure, mine, theirs in rows:
            print(f"{measure:52s} {mine:.10f} {theirs:.10f} {abs(mine - theirs):.1e}", flush=True)


if __name__ == "__main__":
    main()
