#!/bin/sh
# Puts GraphiQL into .rapport/graphiql, for the gateway's page (`make run`). It comes from npm, in one package that
# holds everything it needs; where that cannot be had, there is no page, and everything else works.
set -eu
cd "$(dirname "$0")/.."
package=@graphql-yoga/graphiql@4.5.0
sum=476052ed491788eafd12f3e8c0bb7378bb1288e9d5ee5c5f871bb092288d83bf
place=.rapport/graphiql

without() {
  echo "setup: no page for people: $1"
  exit 0
}

[ "$(cat "$place/.package" 2>/dev/null)" = "$sum" ] && exit 0
command -v npm >/dev/null || without "npm is missing"
mkdir -p .rapport
made=$(mktemp -d .rapport/graphiql.XXXXXX)
trap 'rm -rf "$made"' EXIT
archive=$made/$(npm pack --silent --pack-destination "$made" "$package" 2>/dev/null) || without "npm cannot fetch $package"
echo "$sum  $archive" | sha256sum --check --status || without "$package is not what it was"
tar -xzf "$archive" -C "$made" --strip-components=1 package/dist package/LICENSE
mv "$made/LICENSE" "$made/dist/LICENSE"
echo "$sum" >"$made/dist/.package"
rm -rf "$place"
mv "$made/dist" "$place"
echo "setup: GraphiQL is there"
