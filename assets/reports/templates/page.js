/* Redraws each chart at the width it has, with tooltips, and dims what is outside of the slice that the reader chooses. Every
   chart is on the page as a drawing already: without this script, or when it fails, that drawing stays, and paper always shows
   it. No figure is computed here: what is said of a slice is looked up. */
(() => {
  "use strict";
  const figures = JSON.parse(document.getElementById("specifications").textContent);
  const boxes = [...document.querySelectorAll("[data-chart]")];
  const views = new Map();

  /* A chart of one panel takes the width; small multiples take as many columns as fit. */
  function fitted(figure, width) {
    const { spec, fit } = structuredClone(figure);
    if (fit.kind === "grid") {
      const fitting = Math.floor((width - fit.axis + fit.gap) / (fit.least + fit.gap));
      const columns = Math.max(1, Math.min(fitting, fit.most, fit.panels));
      spec.columns = columns;
      spec.spec.width = Math.floor((width - fit.axis - fit.gap * (columns - 1)) / columns);
    } else {
      spec.width = width;
      spec.autosize = { type: "fit-x", contains: "padding" };
    }
    return spec;
  }

  async function draw(box) {
    const name = box.dataset.chart, width = Math.floor(box.clientWidth);
    if (!width || Number(box.dataset.width) === width) return;
    box.dataset.width = width;
    const stage = document.createElement("div");
    stage.className = "stage";
    stage.setAttribute("aria-hidden", "true");
    box.append(stage);
    try {
      const { view } = await vegaEmbed(stage, fitted(figures[name], width), {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, logLevel: 1,
        tooltip: { disableDefaultStyle: true, offsetX: 12, offsetY: 12 },
      });
      views.get(name)?.finalize();
      views.set(name, view);
      view.addEventListener("click", (_, item) => item?.datum && choose(item.datum));
      steer(name);
      for (const old of box.querySelectorAll(".stage")) if (old !== stage) old.remove();
      for (const focusable of stage.querySelectorAll("[tabindex]")) focusable.removeAttribute("tabindex");
      stage.classList.add("ready");
      box.dataset.live = "drawn";
    } catch (error) {
      stage.remove();
      box.dataset.live = box.dataset.live === "drawn" ? "drawn" : "failed";
      console.error(`chart ${name}: ${error.message}`);
    }
  }

  const near = new IntersectionObserver(
    entries => entries.forEach(entry => entry.isIntersecting && draw(entry.target)), { rootMargin: "500px 0px" });
  boxes.forEach(box => near.observe(box));

  let pause;
  addEventListener("resize", () => {
    clearTimeout(pause);
    pause = setTimeout(() => boxes.filter(box => box.dataset.width).forEach(draw), 150);
  });

  const form = document.getElementById("filter");
  const choices = form ? [...form.querySelectorAll("select")] : [];

  /* A slice is an object of dimension and value; "all", nothing, and what is not offered mean all of a dimension. Dimensions
     that it does not name, or that cannot be chosen, stay as they are. */
  function choose(slice) {
    const named = choices.filter(choice => slice[choice.name] !== undefined);
    if (!named.length) return;
    for (const choice of named) {
      choice.value = slice[choice.name];
      if (choice.selectedIndex < 0) choice.value = "";
    }
    apply();
  }

  function apply() {
    const chosen = choices.filter(choice => choice.value);
    for (const name of views.keys()) steer(name);
    for (const part of document.querySelectorAll(".sliced :is([data-version], [data-region], [data-workload])"))
      part.classList.toggle("outside", chosen.some(({ name, value }) => (part.dataset[name] ?? value) !== value));
    const { sentences, absent } = JSON.parse(document.getElementById("slices").textContent);
    const slice = chosen.map(choice => choice.value).join(" · ") || "Whole fleet";
    form.querySelector("output").textContent = `${slice}: ${sentences[choices.map(choice => choice.selectedIndex).join()] ?? absent}`;
    form.querySelector("button").disabled = !chosen.length;
    const hash = chosen.length ? `#slice=${["version", "region", "workload"].map(name =>
      encodeURIComponent(choices.find(choice => choice.name === name)?.value ?? "")).join()}` : "";
    if (hash || location.hash.startsWith("#slice=")) history.replaceState(null, "", hash || location.pathname + location.search);
  }

  /* Tells a drawn chart the slice, by those of its parameters that are a dimension. */
  function steer(name) {
    const view = views.get(name);
    for (const { name: parameter } of figures[name].spec.params ?? []) {
      const choice = choices.find(each => parameter === `f_${each.name}`);
      if (choice) view.signal(parameter, choice.value);
    }
    view.run();
  }

  function followHash() {
    const found = /^#slice=([^,]*),([^,]*),([^,]*)$/.exec(location.hash);
    if (!found) return false;
    try {
      const [version, region, workload] = found.slice(1).map(decodeURIComponent);
      choose({ version, region, workload });
      return true;
    } catch (error) {
      if (error instanceof URIError) return false;  // an address that was cut in the middle of a character
      throw error;
    }
  }

  if (form) {
    form.addEventListener("change", apply);
    form.querySelector("button").addEventListener("click", () => choose({ version: "", region: "", workload: "" }));
    for (const cell of document.querySelectorAll(".heat td")) cell.addEventListener("click", () => choose(cell.dataset));
    addEventListener("hashchange", followHash);
    form.hidden = false;
    if (!followHash()) apply();
  }

  const links = [...document.querySelectorAll(".contents a")];
  const reading = new IntersectionObserver(entries => entries.forEach(entry => {
    if (!entry.isIntersecting) return;
    for (const link of links) {
      if (link.hash === `#${entry.target.id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }), { rootMargin: "-12% 0px -78% 0px" });
  document.querySelectorAll("main section").forEach(section => reading.observe(section));

  window.report = { drawAll: () => Promise.all(boxes.map(draw)) };
})();
