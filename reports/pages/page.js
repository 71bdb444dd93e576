"use strict";
// The page's data is the report itself, gzipped. What comes from it is only ever set as text, never as markup.
const $ = (id) => document.getElementById(id);
const table = $("rules"), search = $("search"), agree = $("agree"), count = $("count");
let report, beside, urls, glyphs, failing, rules, targets, found;

function make(tag, options = {}, ...children) {
  const { text, ...rest } = options;
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  node.append(...children.filter(Boolean));
  return node;
}

async function load() {
  const bytes = Uint8Array.from(atob($("data").textContent.trim()), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  ({ report, beside } = JSON.parse(await new Response(stream).text()));
  ({ urls, glyphs } = beside);
  failing = new Set(beside.failing);
  targets = report.run.targets.map((target) => target.id);
  rules = new Map(report.rules.map((rule) => [rule.id, rule]));
  found = new Map(report.rules.map((rule) => [rule.id, new Map()]));
  for (const result of report.results) found.get(result.rule)?.set(result.target, result);
}

// What a query asks: words, `field:value`, `target:outcome`; a leading "-" turns each round.
const FIELDS = ["area", "kind", "basis", "operation", "source", "needs", "rule"];
const outcome = (rule, target) => found.get(rule).get(target)?.outcome ?? "not-run";
function matches(rule, token) {
  const [, name, value] = /^(.+):([^:]+)$/.exec(token) ?? [];
  if (name === undefined) {
    const text = `${rule.id} ${rule.statement} ${rule.area} ${rule.source} ${(rule.also ?? []).join(" ")} ${rule.kind} ${rule.basis}`;
    return text.toLowerCase().includes(token);
  }
  if (FIELDS.includes(name)) return String(rule[name === "rule" ? "id" : name]).toLowerCase().includes(value);
  const asked = targets.filter((target) => name === "*" || target.toLowerCase().includes(name));
  return asked.some((target) => {
    const seen = outcome(rule.id, target);
    return value === "fails" ? failing.has(seen) : seen === value;
  });
}
function agreement(rule) {
  const seen = targets.map((target) => outcome(rule.id, target)).filter((word) => !["inapplicable", "not-run"].includes(word));
  if (!seen.length) return "unapplied";
  const holding = seen.filter((word) => word === "holds").length;
  return holding === seen.length ? "everywhere" : holding ? "somewhere" : "nowhere";
}
function asked(rule) {
  if (agree.value && agreement(rule) !== agree.value) return false;
  return search.value.toLowerCase().split(/\s+/).filter(Boolean)
    .every((token) => token.length > 1 && token[0] === "-" ? !matches(rule, token.slice(1)) : matches(rule, token));
}
function filter() {
  let shown = 0;
  for (const body of table.tBodies) {
    let here = 0;
    for (const row of body.rows) {
      if (!row.dataset.rule) continue;
      row.hidden = !asked(rules.get(row.dataset.rule));
      here += !row.hidden;
      if (row.nextElementSibling?.className === "detail") row.nextElementSibling.hidden = row.hidden;
    }
    body.hidden = here === 0;
    shown += here;
  }
  count.textContent = `${shown} of ${rules.size} rules`;
  $("none").hidden = shown > 0;
}

// The state of the page is in its address: what is searched, what is open.
function remember() {
  const state = new URLSearchParams();
  if (search.value) state.set("q", search.value);
  if (agree.value) state.set("agree", agree.value);
  const open = [...table.querySelectorAll('[aria-expanded="true"]')].map((button) => button.value);
  if (open.length) state.set("open", open.join(","));
  history.replaceState(null, "", `#${state}`);
}
function recall() {
  const hash = location.hash.slice(1);
  const state = rules.has(hash) ? new URLSearchParams({ open: hash }) : new URLSearchParams(hash);
  search.value = state.get("q") ?? "";
  agree.value = ["everywhere", "somewhere", "nowhere", "unapplied"].includes(state.get("agree")) ? state.get("agree") : "";
  filter();
  const open = (state.get("open") ?? "").split(",").filter((id) => rules.has(id));
  for (const button of table.querySelectorAll("th.rule button")) toggle(button, open.includes(button.value));
  const row = open.length && table.querySelector(`tr[data-rule="${CSS.escape(open[0])}"]`);
  if (row) row.scrollIntoView();
}

function copies(button, text) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text); } catch {
      // A page from a file may have no clipboard to write to.
      const area = make("textarea", { text });
      document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
    }
    button.textContent = "copied ✓";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  return button;
}
const copying = (label, text) => copies(make("button", { class: "quiet", type: "button", text: label }), text);
function save(name, text, type) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link); link.click(); link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
function tag(word) { return make("span", { class: `tag ${word}` }, make("span", { "aria-hidden": "true", text: `${glyphs[word] ?? "·"} ` }), word); }
const plural = (many, noun) => `${many} ${noun}${many === 1 ? "" : "s"}`;
// One way in which a rule breaks: `said` is what the page knows of it beside.
function way(each, said) {
  const parts = [];
  if (each.reason) parts.push(make("p", { text: said?.on ? `${each.reason} (${said.on})` : each.reason }));
  if (each.counterexample) {
    parts.push(make("div", { class: "row" }, make("p", { text: "Smallest counterexample found:" }), copying("copy", each.counterexample)),
      make("pre", { tabindex: "0", text: each.counterexample }));
  }
  if (each.script) {
    parts.push(make("div", { class: "row" }, make("p", { text: said?.again ?? "On torch alone:" }), copying("copy script", each.script)),
      make("pre", { tabindex: "0", text: each.script }));
  }
  if (said?.entry) parts.push(make("p", { class: "actions" }, copying("copy as a known break", said.entry)));
  if (each.traceback && each.reason) parts.push(make("details", {}, make("summary", { text: "Traceback" }), make("pre", { tabindex: "0", text: each.traceback })));
  return parts;
}
function evidence(rule, target) {
  const result = found.get(rule.id).get(target);
  const part = make("section", {}, make("h3", {}, `${target} `, tag(result?.outcome ?? "not-run")));
  if (!result) return part;
  const refused = result.refused ?? {};
  const untried = Object.entries(result.untried ?? {}).map(([name, many]) => ` · ${many} more not run: the target ${name in refused ? "refuses" : "lacks"} ${name}`).join("");
  if (result.examples || result.outcome !== "inapplicable") {
    part.append(make("p", { class: "soft", text: `${plural(result.examples, "example")} in ${result.seconds.toFixed(2)} s${untried}` }));
  }
  const ways = [result, ...(result.also ?? [])], said = beside.breaks[rule.id]?.[target] ?? [];
  ways.forEach((each, at) => {
    if (ways.length > 1) part.append(make("h4", { text: `${at + 1} of ${ways.length} ways in which it breaks${each.symptom ? `, by ${plural(each.symptom.failed, "example")}` : ""}` }));
    part.append(...way(each, said[at]));
  });
  const facts = [
    ...Object.entries(refused).map(([name, answer]) => [`refuses ${name}`, answer]),
    ...Object.entries(result.blocked ?? {}).map(([by, many]) => [plural(many, "example"), make("span", {}, "could not be tried: blocked by ", rules.has(by) ? make("a", { href: `#${by}`, text: by }) : by)]),
    ...Object.entries(result.excused ?? {}).map(([place, many]) => [plural(many, "example"), `failed as is known: ${place}`]),
    ...Object.entries(result.rounding ?? {}).map(([dtype, units]) => [`rounding of ${dtype.replace("torch.", "")}`, `up to ${units} units of its eps`]),
  ];
  if (facts.length) part.append(make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", {}, value)])));
  const names = [...new Set([...rule.classes, ...Object.keys(result.classes)])];
  if (names.length && result.examples > 1) {
    const bars = names.map((name) => {
      const many = result.classes[name] ?? 0;
      const line = make("i", { "aria-hidden": "true" });
      line.style.width = `${Math.min(100, (100 * many) / result.examples)}%`;
      return make("li", many ? {} : { class: "never" }, make("span", { text: name }), make("span", {}, line), make("b", { text: many || "never" }));
    });
    const pairs = result.pairs ? `, and pairs of classes: ${result.pairs.reached} of ${result.pairs.known}` : "";
    part.append(make("details", {}, make("summary", { text: `Inputs tried, by class (${names.length})${pairs}` }), make("ul", { class: "bars" }, ...bars)));
  }
  return part;
}
// Documentation that a tested torch does not carry, or words otherwise than when its rules were reviewed.
function missing(source) {
  const runs = report.runs ?? [report.run];
  return runs.flatMap((run) => [
    run.sources?.[source] && ` (not found in torch ${run.torch}: ${run.sources[source]})`,
    run.changed?.[source] && ` (documentation changed since review: torch ${run.torch} words it otherwise; ${run.changed[source]})`,
  ]).filter(Boolean).map((text) => make("span", { class: "soft", text }));
}
function pane(rule) {
  const facts = [
    ["Source", make("span", {}, ...[rule.source, ...(rule.also ?? [])].flatMap((source, at) => [at ? " and " : "", make("a", { href: urls[source], rel: "noreferrer", text: source }), ...missing(source)]))],
    ["Basis", rule.basis === "observed" ? "observed: the documentation does not say so; it counts in no verdict" : "documented"],
    ["Kind", rule.kind],
    rule.needs.length && ["Needs", rule.needs.join(", ")],
    ["Known to catch", rule.faults.length ? `${rule.faults.length} seeded faults: ${rule.faults.join(", ")}` : "no seeded fault"],
  ].filter(Boolean);
  const order = [...targets].sort((a, b) => failing.has(outcome(rule.id, b)) - failing.has(outcome(rule.id, a)));
  return make("div", { class: "pane" },
    make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", {}, value)])),
    ...order.map((target) => evidence(rule, target)));
}
// Operations by dtypes of a target, made when it is looked at: a fleet has many cells.
function supportTable(target) {
  const cells = report.support[target], said = beside.said[target] ?? {};
  const operations = Object.keys(cells), dtypes = beside.dtypes.filter((dtype) => operations.some((name) => dtype in cells[name]));
  const cell = (operation, dtype) => {
    const word = cells[operation][dtype] ?? "not asked";
    return make("td", { class: `cell ${word.replace(" ", "-")}`, title: [word, ...(said[operation]?.[dtype] ?? [])].join("\n") },
      make("span", { "aria-hidden": "true", text: beside.support[word] }), make("span", { class: "sr", text: word }));
  };
  const legend = Object.entries(beside.support).map(([word, glyph]) => `${glyph} ${word}`).join(", ");
  const answers = operations.flatMap((operation) => Object.entries(said[operation] ?? {}).flatMap(([dtype, messages]) =>
    messages.map((message) => make("li", {}, make("code", { text: `${operation}, ${dtype}` }), `: ${message}`))));
  return [
    make("p", { class: "soft", text: legend }),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `What ${target} supports` }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "Operation" }), ...dtypes.map((dtype) => make("th", { scope: "col", text: dtype })))),
      make("tbody", {}, ...operations.map((operation) => make("tr", {}, make("th", { scope: "row" }, make("code", { text: operation })), ...dtypes.map((dtype) => cell(operation, dtype))))))),
    answers.length ? make("details", {}, make("summary", { text: plural(answers.length, "answer") }), make("ul", { class: "answers" }, ...answers)) : "",
  ].filter(Boolean);
}
function toggle(button, open) {
  if ((button.getAttribute("aria-expanded") === "true") === open) return;
  const row = button.closest("tr");
  button.setAttribute("aria-expanded", String(open));
  if (open) {
    const detail = make("tr", { class: "detail" }, make("td", { colspan: targets.length + 1 }, pane(rules.get(button.value))));
    detail.hidden = row.hidden;
    row.after(detail);
  } else row.nextElementSibling.remove();
}

load().then(() => {
  table.addEventListener("click", (event) => {
    const button = event.target.closest("th.rule button");
    if (button) { toggle(button, button.getAttribute("aria-expanded") !== "true"); remember(); }
  });
  for (const input of [search, agree]) input.addEventListener("input", () => { filter(); remember(); });
  $("failing").addEventListener("click", () => { search.value = "*:fails"; agree.value = ""; filter(); remember(); });
  $("clear").addEventListener("click", () => { search.value = ""; agree.value = ""; filter(); remember(); search.focus(); });
  $("save-json").addEventListener("click", () => save("results.json", `${JSON.stringify(report, null, 1)}\n`, "application/json"));
  $("save-breaks").addEventListener("click", () => save("known-breaks.toml", beside.entries, "application/toml"));
  for (const button of document.querySelectorAll("button[data-copies]")) { copies(button, $(button.dataset.copies).textContent); button.hidden = false; }
  for (const each of document.querySelectorAll("details.support")) {
    each.addEventListener("toggle", () => { if (each.open && each.children.length === 1) each.append(...supportTable(each.dataset.target)); });
  }
  addEventListener("hashchange", recall);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && event.target === search) { search.value = ""; filter(); remember(); }
  });
  addEventListener("beforeprint", () => {
    for (const button of table.querySelectorAll("th.rule button")) {
      if (targets.some((target) => failing.has(outcome(button.value, target)))) toggle(button, true);
    }
  });
  recall();
  document.documentElement.dataset.ready = "yes";
});
