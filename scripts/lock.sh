#!/bin/sh
# Lock every deployable's dependencies, with hashes and without addresses.
# The laptop's and the developers' set comes first; the layers, the image and the
# functions are held to its versions, so that what is tested is what is deployed.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
common="--quiet --generate-hashes --no-header --no-annotate --no-emit-index-url"
laptop="$uv pip compile $common --universal --python-version 3.11"
lambda="$uv pip compile $common --python-version 3.13 --python-platform x86_64-manylinux_2_28"

$laptop requirements/uv.in -o requirements/uv.txt
$laptop requirements/sam.in -o requirements/sam.txt
$laptop requirements/audit.in -o requirements/audit.txt
$laptop requirements/sdk.in -o requirements/sdk.txt
$laptop requirements/dev.in -o requirements/dev.txt
$laptop requirements/laptop.in -c requirements/dev.txt -o requirements/laptop.txt
$laptop requirements/notebook.in -c requirements/dev.txt -o requirements/notebook.txt
$laptop requirements/bench.in -c requirements/dev.txt -o requirements/bench.txt
for folder in layers/shared layers/tables functions/publish_recommendations algorithm; do
    $lambda "$folder/requirements.in" -c requirements/dev.txt -o "$folder/requirements.txt"
done
