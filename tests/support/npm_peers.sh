# tests/support/npm_peers.sh - the WebRTC peers of npm, for whoever connects with them. Source it, with $top set.
#
# $modules: a folder in build/ with their node_modules. Without node or a registry it has none.

modules=$top/build/interop
if command -v npm >/dev/null && ! cmp -s "$top/tests/interop/peers/package.json" "$modules/package.json"; then
    mkdir -p "$modules"
    cp "$top/tests/interop/peers/package.json" "$modules/"
    echo "installing peers from npm"
    if ! timeout 300 npm install --prefix "$modules" --no-audit --no-fund --no-package-lock --silent; then
        echo "npm could not install peers"
        rm -f "$modules/package.json"
    fi
fi
