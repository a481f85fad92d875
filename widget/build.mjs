// Makes tollgate-widget.js, the one file that pages load, out of src/: `npm run build`; `npm run check` only compares.
//
// The file is kept in the repository, so that a gate is built without node. Its first line carries a digest of the sources:
// with it the site's own tests notice a file that wasn't built anew.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const ROOT = new URL('./', import.meta.url);
const OUTPUT = new URL('tollgate-widget.js', ROOT);

// Names that modules share among themselves, so that they may be shortened. None may be a browser's, the gate's, a page's, a
// key of words, or the name of a part: those are also met as texts, and the two would no longer meet.
const OWN_NAMES = `addTwin addVisitor ageAttested announce closeVideo disclose focusWriting framed gated greet identity
  onAge onAnswer onRefusal openVideo overdue refill setAloud settleInto settled speaking tickSeconds unlock
  waitS wanted become refused present notice reading streaming said rich write greet greeting instructions language`
  .split(/\s+/);

/** The file as the sources of this moment give it. */
export async function widget() {
  const { version, license } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
  const made = await build({
    entryPoints: [fileURLToPath(new URL('src/index.js', ROOT))],
    bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none', write: false,
    plugins: [{ name: 'small styles', setup: smallStyles }, { name: 'small words', setup: smallWords }],
    mangleProps: new RegExp(`^(${OWN_NAMES.join('|')})$`),
    banner: { js: `/*! tollgate-widget ${version}, ${license}, src ${await digest()} */` },
  });
  return made.outputFiles[0].text;
}

// A style sheet becomes a text without its blanks.
function smallStyles({ onLoad }) {
  onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: 'es2022' });
    return { contents: code.trim(), loader: 'text' };
  });
}

// The keys of words are the same in all languages: they stand once, with the English ones.
function smallWords({ onLoad }) {
  onLoad({ filter: /words.\w+\.js$/ }, async ({ path }) => {
    if (path.endsWith('en.js')) return null;
    const [{ default: english }, { default: words }] = await Promise.all([import(new URL('src/words/en.js', ROOT)), import(path)]);
    const keys = Object.keys(english);
    const lost = OWN_NAMES.filter((name) => keys.includes(name));
    if (lost.length > 0) throw new Error(`${lost}: a key of words, and can't be shortened`);
    if (keys.join() !== Object.keys(words).join()) throw new Error(`${path}: other keys than en.js, or in another order`);
    const list = JSON.stringify(keys.map((key) => words[key]).join('|'));
    const spread = `const list = ${list}.split('|'); export default Object.fromEntries(Object.keys(en).map((key, at) => [key, list[at]]));`;
    return { contents: `import en from './en.js'; ${spread}` };
  });
}

/** FNV-1a, 128 bits, over all sources in the order of their names; components/site/src/assets.rs computes the same. */
async function digest() {
  const names = (await readdir(new URL('src/', ROOT), { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  for (const name of names.filter((one) => /\.(js|css)$/.test(one)).sort()) {
    for (const byte of await readFile(new URL(`src/${name}`, ROOT))) {
      hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * 0x0000000001000000000000000000013bn);
    }
  }
  return hash.toString(16).padStart(32, '0').slice(0, 16);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await widget();
  if (!process.argv.includes('--check')) await writeFile(OUTPUT, text);
  else if ((await readFile(OUTPUT, 'utf8')) !== text) {
    console.error('tollgate-widget.js is not what src/ gives: run `npm run build`.');
    process.exitCode = 1;
  }
}
