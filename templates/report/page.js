"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const table = $("table"), rows = [...table.tBodies[0].rows], sheet = $("sheet");

  // Light and dark: the system's choice until the reader makes one.
  const root = document.documentElement;
  const stored = (value) => {
    try { return value ? localStorage.setItem("hpctc-theme", value) : localStorage.getItem("hpctc-theme"); }
    catch { return null; }  // a file may not be allowed to store anything
  };
  if (stored()) root.dataset.theme = stored();
  $("theme").onclick = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    stored(root.dataset.theme = dark ? "light" : "dark");
  };

  // The filter. Every control narrows the list; words must all occur.
  const controls = ["find", "category", "verdict", "change"].map($).filter(Boolean);
  const value = (id) => ($(id) ? $(id).value : "");
  const fits = (row) => {
    const text = row.dataset.find.toLowerCase();
    return value("find").toLowerCase().split(/\s+/).every((word) => text.includes(word))
      && (!value("category") || row.dataset.category === value("category"))
      && (!value("verdict") || row.dataset.verdicts.includes(`|${value("verdict")}|`))
      && (!value("change") || row.dataset.changes.includes(`|${value("change")}|`));
  };
  const shown = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const filter = () => {
    for (const row of rows) row.hidden = !fits(row);
    const count = shown().length;
    $("count").textContent = count === rows.length ? `${count} task${count === 1 ? "" : "s"}` : `${count} of ${rows.length} tasks`;
    $("none").hidden = count > 0;
  };
  for (const control of controls) control.oninput = control.onchange = filter;
  const clear = () => { for (const control of controls) control.value = ""; filter(); };
  $("clear").onclick = $("clear2").onclick = clear;

  // Sorting: numbers descend first, words ascend; what has no value stays at the end.
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  table.tHead.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const head = button.closest("th"), number = button.dataset.kind === "number";
    const before = head.getAttribute("aria-sort");
    const order = before === "none" ? (number ? "descending" : "ascending") : before === "descending" ? "ascending" : "descending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    rows.sort((a, b) => {
      const [x, y] = [a, b].map((row) => key(row, head.cellIndex));
      if (!x || !y) return !x - !y;
      return sign * (number ? x - y : x.localeCompare(y, undefined, { numeric: true }));
    });
    table.tBodies[0].append(...rows);
  };

  // A row is as good as its link.
  table.tBodies[0].onclick = (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a") && !String(getSelection())) location.hash = `task=${row.dataset.task}`;
  };

  // The view of a task: `#task=ID`, or `#ID` of any record that leads to it.
  const owner = new Map();
  for (const holder of document.querySelectorAll("template[data-ids]"))
    for (const id of holder.dataset.ids.split(" ")) owner.set(id, holder.id.slice(2));
  let current = null;
  const fill = (pane) => {
    const code = pane.querySelector(".code");
    code.replaceChildren($(pane.querySelector("select").value).content.cloneNode(true));
    code.scrollTop = 0;
  };
  const open = (task) => {
    if (task !== current) {
      current = task;
      $("body").replaceChildren($(`t-${task}`).content.cloneNode(true));
      for (const pane of $("body").querySelectorAll(".pane")) {
        fill(pane);
        pane.querySelector("select").onchange = () => fill(pane);
      }
      const list = shown().map((row) => row.dataset.task), at = list.indexOf(task);
      $("where").textContent = at < 0 ? "" : `${at + 1} of ${list.length}`;
      sheet.setAttribute("aria-label", $("body").querySelector("h2").textContent);
    }
    if (!sheet.open) { sheet.showModal(); root.classList.add("reading"); }
    $("body").scrollTop = 0;
    $("body").focus();
  };
  const follow = () => {
    const hash = decodeURIComponent(location.hash.slice(1));
    const task = hash.startsWith("task=") ? hash.slice(5) : owner.get(hash);
    if (task && $(`t-${task}`)) open(task);
    else if (sheet.open) sheet.close();
  };
  const leave = () => {
    root.classList.remove("reading");
    const row = rows.find((r) => r.dataset.task === current);
    current = null;
    history.replaceState(null, "", "#tasks");
    row?.querySelector("a").focus();
  };
  sheet.onclose = leave;
  sheet.onclick = (event) => { if (event.target === sheet) sheet.close(); };
  const step = (by) => {
    const list = shown().map((row) => row.dataset.task), at = list.indexOf(current);
    if (list.length) location.hash = `task=${list[(at + by + list.length) % list.length]}`;
  };
  $("previous").onclick = () => step(-1);
  $("next").onclick = () => step(1);
  $("close").onclick = () => sheet.close();
  $("print").onclick = () => print();
  $("body").onclick = (event) => {
    const show = event.target.closest("[data-show]"), copy = event.target.closest(".copy");
    if (show) {
      const pane = $("body").querySelectorAll(".pane")[show.dataset.side ?? 0];
      pane.querySelector("select").value = show.dataset.show;
      fill(pane);
      pane.scrollIntoView({ block: "nearest" });
    }
    if (copy) {
      navigator.clipboard?.writeText(copy.closest(".pane").querySelector("code").textContent)
        .then(() => { copy.textContent = "Copied"; setTimeout(() => { copy.textContent = "Copy"; }, 1200); }, () => {});
    }
  };
  // A dialog prints what fits on one sheet of paper: an open task is printed from a copy beside it.
  addEventListener("beforeprint", () => {
    if (!sheet.open) return;
    const paper = document.createElement("div");
    paper.id = "paper";
    paper.append(...[...$("body").children].map((part) => part.cloneNode(true)));
    const chosen = $("body").querySelectorAll("select");
    paper.querySelectorAll("select").forEach((select, at) => { select.value = chosen[at].value; });
    document.body.append(paper);
  });
  addEventListener("afterprint", () => $("paper")?.remove());
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, .code")) return;
    if (event.key === "/" && !sheet.open) { event.preventDefault(); $("find").focus(); }
    if (sheet.open && (event.key === "ArrowLeft" || event.key === "k")) step(-1);
    if (sheet.open && (event.key === "ArrowRight" || event.key === "j")) step(1);
  });

  // What a mark means, at once.
  const tip = $("tip");
  addEventListener("pointerover", (event) => {
    const mark = event.target.closest?.("[data-tip]");
    (sheet.open ? sheet : document.body).append(tip);
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    const at = mark.getBoundingClientRect(), own = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(innerWidth - own.width - 6, at.x + at.width / 2 - own.width / 2))}px`;
    tip.style.top = `${at.y - own.height - 8 > 0 ? at.y - own.height - 8 : at.bottom + 8}px`;
  });

  filter();
  follow();
})();
