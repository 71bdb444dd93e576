"use strict";
// Copying an example, and on the page of all operations, the search.
for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  const label = button.innerHTML, text = document.getElementById(button.dataset.copies).textContent;
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text); } catch {
      // A page from a file may have no clipboard to write to.
      const area = document.createElement("textarea");
      area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
    }
    button.textContent = "copied";
    setTimeout(() => { button.innerHTML = label; }, 2000);
  });
}
const search = document.getElementById("search"), MOST = 60;
if (search) (async () => {
  const coded = atob(document.getElementById("data").textContent), bytes = Uint8Array.from(coded, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  // Of each fact: the page that has it, its id and its statement.
  const facts = JSON.parse(await new Response(stream).text());
  const found = document.getElementById("found"), lists = document.getElementById("lists"), count = document.getElementById("count");
  const look = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length ? facts.filter(([, id, said]) => words.every((word) => `${id} ${said}`.toLowerCase().includes(word))) : [];
    lists.hidden = words.length > 0; found.hidden = !lists.hidden;
    count.textContent = words.length ? `${hits.length} fact${hits.length === 1 ? "" : "s"}${hits.length > MOST ? `, the first ${MOST} of them shown` : ""}` : "";
    found.replaceChildren(...hits.slice(0, MOST).map(([page, id, said]) => {
      const item = document.createElement("li"), link = document.createElement("a"), name = document.createElement("code");
      link.href = `${page}#${id}`; link.textContent = said; name.textContent = id;
      item.append(link, " ", name);
      return item;
    }));
    history.replaceState(null, "", search.value ? `#${encodeURIComponent(search.value)}` : location.pathname);
  };
  search.value = decodeURIComponent(location.hash.slice(1));
  search.addEventListener("input", look);
  if (search.value) look();
  document.documentElement.dataset.ready = "yes";
})();
