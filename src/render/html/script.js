
"use strict";
(() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  // A link to an image opens what it leads to, also in browsers that do not do so themselves.
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const folded = target && target.closest("details");
    if (folded) { folded.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", follow);
  follow();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details[class]:not([open])");
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
  const form = document.getElementById("filter");
  if (!form) { return; }
  const rows = all("tr[data-is]"), parts = all("details[data-is]"), groups = all("details[data-group]");
  const text = new Map(rows.concat(parts).map((one) => [one, (one.dataset.name || one.textContent).toLowerCase()]));
  const open = new Map(groups.map((one) => [one, one.open]));
  const name = document.getElementById("filter-name"), is = document.getElementById("filter-is");
  const apply = () => {
    const wanted = name.value.trim().toLowerCase();
    const fits = (one) => text.get(one).includes(wanted) && (is.value === "" || one.dataset.is === is.value);
    let shown = 0;
    rows.forEach((one) => { one.hidden = !fits(one); if (!one.hidden) { shown += 1; } });
    parts.forEach((one) => { one.hidden = !fits(one); });
    // A folded group would hide what was found; without a question each is as it was.
    const asks = wanted !== "" || is.value !== "";
    groups.forEach((one) => {
      one.hidden = one.querySelector("tr[data-is]:not([hidden])") === null;
      one.open = asks || open.get(one);
    });
    document.getElementById("filter-count").textContent = shown + " of " + rows.length + " shown";
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
