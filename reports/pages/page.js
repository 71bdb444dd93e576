"use strict";
// The page carries the report gzipped. What comes from it is only ever set as text, never as markup.
const $ = (id) => document.getElementById(id);
const table = $("rules"), search = $("search"), agree = $("agree"), count = $("count"), more = $("more");
// How many rows of a large table a search shows at once: a browser takes its time to lay out thousands.
const MANY = 100;
let data, rules, targets, failing, outcomes, lines, groups, groupOf, limit = MANY;
// What is read when it is first needed: the lines of the report's text, and what the page says beside.
let evidence;

function make(tag, options = {}, ...children) {
  const { text, ...rest } = options;
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  node.append(...children.filter(Boolean));
  return node;
}

async function unpacked(id) {
  const coded = atob($(id).textContent), bytes = new Uint8Array(coded.length);
  for (let at = 0; at < coded.length; at++) bytes[at] = coded.charCodeAt(at);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
async function load() {
  data = JSON.parse(await unpacked("data"));
  targets = data.targets;
  failing = new Set(data.failing);
  rules = new Map(data.rules.map((rule) => [rule.id, rule]));
  // Of each rule, by target: its outcome, and the number of its result in the report.
  outcomes = new Map(data.rules.map((rule) => [rule.id, targets.map(() => "not-run")]));
  lines = new Map(data.rules.map((rule) => [rule.id, []]));
  const { rule, target, outcome } = data.results;
  rule.forEach((at, number) => {
    const { id } = data.rules[at];
    outcomes.get(id)[target[number]] = data.outcomes[outcome[number]];
    lines.get(id)[target[number]] = number;
  });
  const operations = Map.groupBy(data.rules, (each) => JSON.stringify([each.area, each.operation]));
  let area;
  groups = [...table.tBodies].map((body) => {
    if (body.rows[0].className === "area") area = body;
    const button = body.querySelector(".operation button");
    const inside = [...body.querySelectorAll("tr[data-rule]")].map((row) => [row.dataset.rule, row]);
    const members = button ? operations.get(JSON.stringify([body.dataset.area, button.value])) : inside.map(([id]) => rules.get(id));
    return { area, body, button, rules: members, rows: new Map(inside) };
  });
  groupOf = new Map(groups.flatMap((group) => group.rules.map((rule) => [rule, group])));
}
const expanded = (button) => button.getAttribute("aria-expanded") === "true";
// Whether the areas of a large table show their operations before anybody asks.
const unfolded = !table.querySelector('.area [aria-expanded="false"]');
let reading;
function read() {
  reading ??= unpacked("evidence").then((text) => {
    const [beside, ...report] = text.split("\n");
    evidence = { beside: JSON.parse(beside), report, first: report.indexOf('"results": [') + 1, text: text.slice(beside.length + 1) };
  });
  return reading;
}
function resultOf(rule, target) {
  const number = lines.get(rule.id)[targets.indexOf(target)];
  return number === undefined ? undefined : JSON.parse(evidence.report[evidence.first + number].replace(/,$/, ""));
}

// What a query asks: words, `field:value`, `target:outcome`; a leading "-" turns each round.
const FIELDS = ["area", "kind", "basis", "operation", "source", "needs", "rule"];
const outcome = (rule, target) => outcomes.get(rule)[targets.indexOf(target)];
function matches(rule, token) {
  const [, name, value] = /^(.+):([^:]+)$/.exec(token) ?? [];
  if (name === undefined) {
    rule.words ??= `${rule.id} ${rule.statement} ${rule.area} ${rule.source} ${(rule.also ?? []).join(" ")} ${rule.kind} ${rule.basis}`.toLowerCase();
    return rule.words.includes(token);
  }
  if (FIELDS.includes(name)) return String(rule[name === "rule" ? "id" : name]).toLowerCase().includes(value);
  const asked = targets.filter((target) => name === "*" || target.toLowerCase().includes(name));
  return asked.some((target) => {
    const seen = outcome(rule.id, target);
    return value === "fails" ? failing.has(seen) : seen === value;
  });
}
function agreement(rule) {
  const seen = outcomes.get(rule.id).filter((word) => !["inapplicable", "not-run"].includes(word));
  if (!seen.length) return "unapplied";
  const holding = seen.filter((word) => word === "holds").length;
  return holding === seen.length ? "everywhere" : holding ? "somewhere" : "nowhere";
}
function asked(rule) {
  if (agree.value && agreement(rule) !== agree.value) return false;
  return search.value.toLowerCase().split(/\s+/).filter(Boolean)
    .every((token) => token.length > 1 && token[0] === "-" ? !matches(rule, token.slice(1)) : matches(rule, token));
}
// A row as the page of a small report has it.
function made(rule) {
  const cell = (word) => {
    const name = word === "not-run" ? "not run" : word;
    const span = word === "not-run" ? make("span", { class: "soft", text: data.dense ? "·" : name })
      : make("span", { class: `tag ${word}`, title: data.dense ? word : undefined, text: data.glyphs[word] + (data.dense ? "" : " ") });
    if (data.dense || word !== "not-run") span.append(make("span", { class: data.dense ? "sr" : "word", text: name }));
    return make("td", {}, span);
  };
  return make("tr", { "data-rule": rule.id, id: rule.id },
    make("th", { scope: "row", class: "rule" }, make("button", { type: "button", value: rule.id, "aria-expanded": "false" },
      make("code", { text: rule.id }), ...(rule.basis === "observed" ? [" ", make("span", { class: "tag", text: "observed" })] : []),
      make("span", { class: "statement", text: rule.statement }))),
    ...outcomes.get(rule.id).map(cell));
}
const detailOf = (row) => row.nextElementSibling?.className === "detail" ? row.nextElementSibling : null;
// Makes the rows of some rules of a group that it lacks, each in its place, and shows these alone.
function show(group, wanted) {
  let last = group.body.rows[0];
  for (const rule of group.rules) {
    if (wanted.has(rule) && !group.rows.has(rule.id)) {
      group.rows.set(rule.id, made(rule));
      last.after(group.rows.get(rule.id));
    }
    const row = group.rows.get(rule.id);
    if (!row) continue;
    row.hidden = !wanted.has(rule);
    last = detailOf(row) ?? row;
    last.hidden = row.hidden;
  }
}
function filter() {
  const asking = Boolean(search.value.trim() || agree.value);
  const matching = new Set(data.rules.filter(asked)), seen = new Set();
  let shown = 0;
  for (const group of groups) {
    let wanted = group.rules.filter((rule) => matching.has(rule)), open = true;
    if (group.button) {
      // Operations stand for their rules while nothing is asked.
      open = asking || expanded(group.area.querySelector(".area button"));
      wanted = asking ? wanted.slice(0, limit - shown) : open && expanded(group.button) ? wanted : [];
      group.body.rows[0].hidden = asking;
    }
    show(group, new Set(wanted));
    group.body.hidden = !open || (wanted.length === 0 && (asking || !group.button));
    if (!open || !group.body.hidden) seen.add(group.area);
    shown += wanted.length;
  }
  for (const { area } of groups) area.hidden = !seen.has(area);
  const left = asking ? matching.size - shown : 0;
  count.textContent = `${matching.size} of ${plural(rules.size, "rule")}${left ? `, ${shown} shown` : ""}`;
  more.hidden = left === 0;
  more.textContent = `Show ${Math.min(left, MANY)} more`;
  $("none").hidden = matching.size > 0;
}
function ask() { limit = MANY; filter(); remember(); }

// The state of the page is in its address: what is searched, what is open.
function remember() {
  const state = new URLSearchParams();
  if (search.value) state.set("q", search.value);
  if (agree.value) state.set("agree", agree.value);
  const open = (kind) => [...table.querySelectorAll(`${kind} [aria-expanded="true"]`)].map((button) => button.value).join(",");
  const areas = [...table.querySelectorAll(".area button")];
  if (areas.some((button) => expanded(button) !== unfolded)) state.set("area", open(".area"));
  if (open(".operation")) state.set("operation", open(".operation"));
  if (open("[data-rule]")) state.set("open", open("[data-rule]"));
  history.replaceState(null, "", `#${state}`);
}
function recall() {
  const hash = location.hash.slice(1);
  const state = rules.has(hash) ? new URLSearchParams({ open: hash }) : new URLSearchParams(hash);
  search.value = state.get("q") ?? "";
  agree.value = ["everywhere", "somewhere", "nowhere", "unapplied"].includes(state.get("agree")) ? state.get("agree") : "";
  limit = MANY;
  const list = (name) => (state.get(name) ?? "").split(",");
  const open = list("open").map((id) => rules.get(id)).filter(Boolean);
  for (const button of table.querySelectorAll(".area button")) button.setAttribute("aria-expanded", String(state.has("area") ? list("area").includes(button.value) : unfolded));
  for (const { area, button, rules: members } of groups) {
    if (members.some((rule) => open.includes(rule))) area.querySelector(".area button")?.setAttribute("aria-expanded", "true");
    button?.setAttribute("aria-expanded", String(list("operation").includes(button.value) || members.some((rule) => open.includes(rule))));
  }
  filter();
  for (const button of table.querySelectorAll("[data-rule] button")) if (!open.includes(rules.get(button.value))) toggle(rules.get(button.value), false);
  for (const rule of open) toggle(rule, true);
  const row = open.length && $(open[0].id);
  if (row) row.scrollIntoView();
  return open.length ? read() : null;
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
function tag(word) { return make("span", { class: `tag ${word}` }, make("span", { "aria-hidden": "true", text: `${data.glyphs[word] ?? "·"} ` }), word); }
const plural = (many, noun) => `${many} ${noun}${many === 1 ? "" : "s"}`;
// The pictures that the page has, by the rule, the target and the number of the break.
const pictures = new Map([...document.querySelectorAll("[data-picture]")].map((node) => [node.dataset.picture, node]));
function pictureOf(key) {
  const node = pictures.get(key);
  if (!node) return null;
  const svg = (node.content ?? node).querySelector("svg").cloneNode(true);
  const named = [...svg.querySelectorAll("[id]")];
  for (const each of named) each.id += "-here";
  svg.setAttribute("aria-labelledby", named.map((each) => each.id).join(" "));
  return make("div", { class: "drawing", tabindex: "0", role: "group", "aria-label": "Picture of the break" }, svg);
}
// One way in which a rule breaks: `said` is what the page knows of it beside.
function way(each, said, command, key) {
  const parts = [];
  if (each.counterexample) {
    parts.push(make("div", { class: "row" }, make("p", { text: "Smallest counterexample found:" }), copying("copy", each.counterexample)),
      make("pre", { tabindex: "0", text: each.counterexample }));
  }
  const picture = pictureOf(key);
  if (picture) parts.push(picture);
  if (said?.sides) {
    const side = (label, text) => make("div", {}, make("p", { text: label }), make("pre", { tabindex: "0", text }));
    parts.push(make("div", { class: "sides" }, side("What came out:", said.sides[0]), side("What should have:", said.sides[1])));
  }
  if (said && command) {
    parts.push(make("div", { class: "row" }, make("p", { text: "Run just this again:" }), copying("copy command", command)),
      make("pre", { tabindex: "0", text: command }));
  }
  if (each.script) {
    parts.push(make("div", { class: "row" }, make("p", { text: said?.again ?? "On torch alone:" }), copying("copy script", each.script)),
      make("pre", { tabindex: "0", text: each.script }));
  }
  if (said?.on) parts.push(make("p", { text: `It does not hold ${said.on}.` }));
  if (said?.cause) parts.push(make("p", { text: `Its cause, as far as the breaks of all rules tell: ${said.cause}.` }));
  if (said?.entry) parts.push(make("p", { class: "actions" }, copying("copy as a known break", said.entry)));
  // The message is what the suite's claim said: it comes last.
  if (each.reason) parts.push(make("p", { text: each.counterexample || each.script ? `What it said: ${each.reason}` : each.reason }));
  if (each.traceback && each.reason) parts.push(make("details", {}, make("summary", { text: "Traceback" }), make("pre", { tabindex: "0", text: each.traceback })));
  return parts;
}
function section(rule, target) {
  const result = resultOf(rule, target), { beside } = evidence;
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
    part.append(...way(each, said[at], beside.commands[target]?.replace("RULE", rule.id), `${rule.id} ${target} ${at}`));
  });
  const facts = [
    ...Object.entries(refused).map(([name, answer]) => [`refuses ${name}`, answer]),
    ...Object.entries(result.blocked ?? {}).map(([by, many]) => [plural(many, "example"), make("span", {}, "could not be tried: blocked by ", rules.has(by) ? make("a", { href: `#${by}`, text: by }) : by)]),
    ...Object.entries(result.excused ?? {}).map(([place, many]) => [plural(many, "example"), `failed as is known: ${place}`]),
    ...Object.entries(result.acts ?? {}).map(([how, count]) => [/^(run|refused) /.test(how) ? `acts ${how}` : `acts run as they are: ${how}`, String(count)]),
    ...Object.entries(result.rounding ?? {}).map(([dtype, units]) => [`rounding of ${dtype.replace("torch.", "")}`, `up to ${units} × its eps, relative to the number expected or, if that is larger, to the scale of what is computed`]),
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
  return evidence.beside.runs.flatMap((run) => [
    run.sources?.[source] && ` (not found in torch ${run.torch}: ${run.sources[source]})`,
    run.changed?.[source] && ` (documentation changed since review: torch ${run.torch} words it otherwise; ${run.changed[source]})`,
  ]).filter(Boolean).map((text) => make("span", { class: "soft", text }));
}
function pane(rule) {
  const facts = [
    ["Source", make("span", {}, ...[rule.source, ...(rule.also ?? [])].flatMap((source, at) => [at ? " and " : "", make("a", { href: evidence.beside.urls[source], rel: "noreferrer", text: source }), ...missing(source)]))],
    ["Basis", rule.basis === "observed" ? "observed: the documentation does not say so; it counts in no verdict" : "documented"],
    ["Kind", rule.kind],
    rule.needs.length && ["Needs", rule.needs.join(", ")],
    ["Known to catch", rule.faults.length ? `${plural(rule.faults.length, "seeded fault")}: ${rule.faults.join(", ")}` : "no seeded fault"],
  ].filter(Boolean);
  const order = [...targets].sort((a, b) => failing.has(outcome(rule.id, b)) - failing.has(outcome(rule.id, a)));
  return [
    make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", {}, value)])),
    ...order.map((target) => section(rule, target)),
  ];
}
// Operations by dtypes of a target, made when it is looked at: a fleet has many cells.
function supportTable(target) {
  const { beside } = evidence, cells = beside.cells[target], said = beside.said[target] ?? {};
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
// Operations by laws of a target, area by area, each made when it is looked at.
function heatMaps(target) {
  const parts = [...Map.groupBy(data.rules, (rule) => rule.area)].map(([area, members]) => {
    const byLaw = Map.groupBy(members, (rule) => rule.id.split(".")[1]);
    const laws = [...byLaw.keys()].filter((law) => byLaw.get(law).length > 1);
    if (!laws.length) return null;
    const shared = laws.flatMap((law) => byLaw.get(law)), failed = shared.filter((rule) => failing.has(outcome(rule.id, target))).length;
    const operations = [...new Set(shared.map((rule) => rule.id.split(".")[0]))];
    const said = failed ? `${plural(failed, "rule")} ${failed === 1 ? "fails" : "fail"}` : "none fails";
    const part = make("details", {}, make("summary", { text: `${area}: ${plural(operations.length, "operation")} by ${plural(laws.length, "law")}; ${said}` }));
    part.addEventListener("toggle", () => { if (part.open && part.children.length === 1) part.append(heatMap(target, area, operations, laws)); });
    return part;
  });
  const legend = Object.entries(data.glyphs).map(([word, glyph]) => `${glyph} ${word}`).join(", ");
  return [make("p", { class: "soft", text: legend }), ...parts.filter(Boolean)];
}
function heatMap(target, area, operations, laws) {
  const cell = (operation, law) => {
    const id = `${operation}.${law}`, rule = rules.get(id);
    if (rule?.area !== area) return make("td");
    const word = outcome(id, target), name = word === "not-run" ? "not run" : word;
    return make("td", { class: word, title: `${id}: ${name}` }, make("a", { href: `#${id}` },
      make("span", { "aria-hidden": "true", text: data.glyphs[word] ?? "·" }), make("span", { class: "sr", text: name })));
  };
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Operations of ${area} by laws on ${target}` }, make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "Operation" }), ...laws.map((law) => make("th", { scope: "col" }, make("span", { text: law }))))),
    make("tbody", {}, ...operations.map((operation) => make("tr", {}, make("th", { scope: "row" }, make("code", { text: operation })), ...laws.map((law) => cell(operation, law)))))));
}
function toggle(rule, open) {
  const group = groupOf.get(rule);
  if (!group.rows.has(rule.id)) {
    show(group, new Set(group.rules.filter((each) => each === rule || group.rows.get(each.id)?.hidden === false)));
    // What is asked for does not show it, or it would be there.
    group.rows.get(rule.id).hidden = true;
  }
  const row = group.rows.get(rule.id), button = row.querySelector("button");
  if (expanded(button) === open) return;
  button.setAttribute("aria-expanded", String(open));
  if (!open) { detailOf(row).remove(); return; }
  const inside = make("div", { class: "pane" });
  const detail = make("tr", { class: "detail" }, make("td", { colspan: targets.length + 1 }, inside));
  detail.hidden = row.hidden;
  row.after(detail);
  // When the page is printed, nothing waits for what is yet to be read.
  if (evidence) inside.append(...pane(rule));
  else read().then(() => inside.append(...pane(rule)));
}

load().then(async () => {
  table.addEventListener("click", (event) => {
    const button = event.target.closest("th.rule button");
    if (!button) return;
    if (button.closest(".area")) {
      button.setAttribute("aria-expanded", String(!expanded(button)));
      filter();
    } else if (button.closest(".operation")) {
      const group = groups.find((each) => each.button === button), open = !expanded(button);
      button.setAttribute("aria-expanded", String(open));
      if (!open) for (const id of group.rows.keys()) toggle(rules.get(id), false);
      filter();
    } else toggle(rules.get(button.value), !expanded(button));
    remember();
  });
  for (const input of [search, agree]) input.addEventListener("input", ask);
  $("failing").addEventListener("click", () => { search.value = "*:fails"; agree.value = ""; ask(); });
  $("clear").addEventListener("click", () => { search.value = ""; agree.value = ""; ask(); search.focus(); });
  more.addEventListener("click", () => {
    const last = [...table.querySelectorAll("tr[data-rule]:not([hidden])")].at(-1);
    limit += MANY;
    filter();
    // The button may be gone: who came by keyboard goes on at the first row that is new.
    const rows = [...table.querySelectorAll("tr[data-rule]:not([hidden])")];
    rows[rows.indexOf(last) + 1].querySelector("button").focus();
  });
  // A page that shows a part has no results.json in it.
  $("save-json")?.addEventListener("click", () => read().then(() => save("results.json", evidence.text, "application/json")));
  $("save-breaks").addEventListener("click", () => read().then(() => save("known-breaks.toml", evidence.beside.entries, "application/toml")));
  for (const button of document.querySelectorAll("button[data-copies]")) { copies(button, $(button.dataset.copies).textContent); button.hidden = false; }
  for (const each of document.querySelectorAll("details.support")) {
    each.addEventListener("toggle", () => read().then(() => { if (each.open && each.children.length === 1) each.append(...supportTable(each.dataset.target)); }));
  }
  for (const each of document.querySelectorAll("details.heat")) {
    each.addEventListener("toggle", () => { if (each.open && each.children.length === 1) each.append(...heatMaps(each.dataset.target)); });
  }
  for (const each of document.querySelectorAll("details[data-rules]")) {
    each.addEventListener("toggle", () => {
      if (each.children.length > 1) return;
      const ids = each.dataset.rules.split(" ").map((number) => data.rules[number].id);
      each.append(...ids.flatMap((id, at) => [at ? ", " : "", make("a", { href: `#${id}`, text: id })]));
    });
  }
  addEventListener("hashchange", recall);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && event.target === search) { search.value = ""; ask(); }
  });
  addEventListener("beforeprint", () => {
    const broken = data.rules.filter((rule) => outcomes.get(rule.id).some((word) => failing.has(word)));
    for (const { area, button } of new Set(broken.map((rule) => groupOf.get(rule)))) for (const each of [area.querySelector(".area button"), button]) each?.setAttribute("aria-expanded", "true");
    filter();
    for (const rule of broken) toggle(rule, true);
  });
  await recall();
  document.documentElement.dataset.ready = "yes";
  (self.requestIdleCallback ?? setTimeout)(read);
});
