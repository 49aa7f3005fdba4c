// Checks the catalogues of words, web/static/i18n/{en,zh}.json: the same keys in
// both, each with a text and a note for the translator; the same placeholders
// in both texts; no key that no source uses, and no use of a key that is not
// there. Exits 1 and lists all that is wrong.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = name => JSON.parse(readFileSync(join(root, "web/static/i18n", name), "utf8"));
const en = read("en.json");
const zh = read("zh.json");
const wrong = [];

const placeholders = text => [...text.matchAll(/\{(\w+)\}/g)].map(m => m[1]).sort().join(",");

for (const [language, words, other] of [["en", en, zh], ["zh", zh, en]]) {
  for (const [key, entry] of Object.entries(words)) {
    if (!other[key]) wrong.push(`${key}: only in ${language}`);
    if (!entry.text?.trim()) wrong.push(`${key}: no text in ${language}`);
    if (!entry.note?.trim()) wrong.push(`${key}: no note for the translator in ${language}`);
  }
}
for (const key of Object.keys(en)) {
  if (zh[key] && placeholders(en[key].text) !== placeholders(zh[key].text)) {
    wrong.push(`${key}: placeholders {${placeholders(en[key].text)}} in en, {${placeholders(zh[key].text)}} in zh`);
  }
}

/** All sources that may name a key. @param {string} dir @returns {string[]} */
function sources(dir) {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap(entry => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return ["node_modules", "vendor", "testdata", "test"].includes(entry.name) ? [] : sources(path);
    return /\.(js|go|templ)$/.test(entry.name) && !/_templ\.go$|_test\.go$/.test(entry.name) ? [path] : [];
  });
}

// A use is a string that is a key, or that starts one: `"tool." + name`,
// `tool.${name}` and "tool.long_" in Go use every key that starts so.
const used = new Set();
const stems = new Set();
const calls = /\b(?:t|T|v\.T|view\.T)\(\s*(["'`])([^"'`]*)\1/g;
for (const path of [...sources("web"), ...sources("internal"), ...sources("cmd")]) {
  const text = readFileSync(join(root, path), "utf8");
  for (const [, , key] of text.matchAll(calls)) {
    if (/^[\w.-]+$/.test(key) && !key.endsWith(".") && !en[key]) wrong.push(`${key}: used in ${path}, in no catalogue`);
  }
  for (const [, , literal] of text.matchAll(/(["'`])([a-z][\w.${}-]*)\1/g)) {
    if (en[literal]) used.add(literal);
    const stem = literal.split("${")[0];
    if (/^[a-z][\w-]*\..*[._]$|^[a-z][\w-]*\.$/.test(stem)) stems.add(stem);
  }
}
for (const key of Object.keys(en)) {
  if (!used.has(key) && ![...stems].some(stem => key.startsWith(stem))) wrong.push(`${key}: no source uses it`);
}

if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  console.error(`${wrong.length} faults in the catalogues`);
  process.exit(1);
}
console.log(`catalogues: ${Object.keys(en).length} keys in en and zh`);
