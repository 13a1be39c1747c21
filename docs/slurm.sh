#!/usr/bin/env bash
# Trains a recipe with one worker per node: sbatch docs/slurm.sh [RECIPE] [RUN]
#
# RUN must be on storage that every node sees. A job that is submitted again with the same RUN resumes it.
#SBATCH --job-name=keraszoo
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --output=%x-%j.log
#SBATCH --signal=TERM@120
# With GPUs: #SBATCH --gpus-per-node=4
set -euo pipefail

recipe=${1:-vae/digits}
run=${2:-runs/$recipe}

resume=()
if [ -f "$run/recipe.json" ]; then
  resume=(--resume)
fi

# block: task 0, which writes the run, is on the first node, and ranks follow the node list.
# --kill-on-bad-exit: the other workers would wait for one that has failed.
srun --distribution=block --kill-on-bad-exit=1 --label \
  keraszoo train "$recipe" --strategy multi_worker --run "$run" ${resume[@]+"${resume[@]}"}
