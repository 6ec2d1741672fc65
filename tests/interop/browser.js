// Loads pages in Chromium at two widths, light and dark, and lets axe-core judge each: node browser.js FILE…
// Ends with 1 on a message of the console, a request, a page that scrolls sideways, a filter that does not filter, or a violation.
// With SHOTS=FOLDER it keeps pictures.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const axe = fs.readFileSync(require.resolve("axe-core"), "utf8");
let faults = 0;

function fault(...said) {
  faults += 1;
  console.log("FAULT", ...said);
}

async function look(browser, file, scheme, width) {
  const where = `${path.basename(file)} ${scheme} ${width}`;
  const page = await browser.newPage();
  page.on("console", (message) => fault(where, "console:", message.text()));
  page.on("pageerror", (error) => fault(where, "error:", error.message));
  page.on("request", (request) => request.url().startsWith("file:") || fault(where, "asks for", request.url()));
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900 });
  const began = Date.now();
  await page.goto(`file://${path.resolve(file)}`, { waitUntil: "load" });
  console.log(where, `loaded in ${Date.now() - began} ms`);
  const client = await page.createCDPSession();
  // Evaluated by the debugger, to which the page's own policy does not apply.
  const asked = async (expression) => {
    const { result, exceptionDetails } = await client.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  };
  if (await asked("document.documentElement.scrollWidth > document.documentElement.clientWidth")) fault(where, "scrolls sideways");
  if (process.env.SHOTS) {
    await page.screenshot({ path: path.join(process.env.SHOTS, `${where.replaceAll(" ", "-")}.png`), fullPage: fs.statSync(file).size < 1e6 });
  }
  const isSmall = fs.statSync(file).size < 1e6;
  // Of a page with thousands of rows axe takes minutes, and each of its parts is on the small ones too.
  if (isSmall) await asked(axe);
  const violations = !isSmall ? [] : await asked("axe.run().then((found) => found.violations.map((one) => [one.id, one.help, one.nodes.length, one.nodes[0].html.slice(0, 200), one.nodes[0].failureSummary].join(' | ')))");
  violations.forEach((one) => fault(where, "axe:", one));
  if (await asked("document.getElementById('filter') !== null")) {
    const kind = await asked("[...document.querySelectorAll('#filter-is option')].pop().value");
    await page.select("#filter-is", kind);
    const wrong = await asked(`[...document.querySelectorAll('tr[data-is]')].some((row) => (row.dataset.is === ${JSON.stringify(kind)}) !== (row.offsetParent !== null))`);
    if (wrong) fault(where, "the filter does not filter");
  }
  await page.close();
}

(async () => {
  const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--headless=new", "--disable-gpu"] });
  for (const file of process.argv.slice(2)) {
    for (const scheme of ["light", "dark"]) {
      for (const width of [1280, 400]) await look(browser, file, scheme, width);
    }
  }
  await browser.close();
  process.exit(faults === 0 ? 0 : 1);
})();
