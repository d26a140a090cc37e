# Node.js for the scripts of the page, which source this in api/web.

# has_node says whether there is a Node.js that can build the page, and if not, why.
has_node() {
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		echo "there is no Node.js and npm here: the page needs Node.js 20.19 or later" >&2
		return 1
	fi
	if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
		echo "Node.js $(node --version) is too old: the page needs 20.19 or later" >&2
		return 1
	fi
}

# install_packages brings what package-lock.json names, unless it is there already.
install_packages() {
	if ! cmp -s package-lock.json node_modules/.locked; then
		npm ci --silent --no-audit --no-fund --ignore-scripts
		cp package-lock.json node_modules/.locked
	fi
}
