# tests/support/puppeteer.sh - the package that drives browsers, for suites of node. Source it, with $top set.
#
# $modules: a folder in build/ with node_modules/puppeteer-core.

modules=$top/build/browser
if ! [ -d "$modules/node_modules/puppeteer-core" ]; then
    mkdir -p "$modules"
    cp "$top/tests/browser/package.json" "$modules/"
    echo "browser tests: installing puppeteer-core from npm"
    npm install --prefix "$modules" --no-audit --no-fund --no-package-lock --silent
fi
