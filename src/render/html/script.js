
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
    folded = all("details.image:not([open])");
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
  const form = document.getElementById("filter");
  if (!form) { return; }
  const rows = all("tr[data-verdict]"), parts = all("details[data-verdict]");
  const name = document.getElementById("filter-name"), verdict = document.getElementById("filter-verdict");
  const apply = () => {
    const wanted = name.value.trim().toLowerCase();
    const fits = (one) => one.dataset.name.toLowerCase().includes(wanted)
      && (verdict.value === "" || one.dataset.verdict === verdict.value);
    let shown = 0;
    rows.forEach((one) => { one.hidden = !fits(one); if (!one.hidden) { shown += 1; } });
    parts.forEach((one) => { one.hidden = !fits(one); });
    document.getElementById("filter-count").textContent = shown + " of " + rows.length + " shown";
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
