/* Redraws each chart at the width it has, with tooltips. Every chart is on the page as a drawing already: without this
   script, or when it fails, that drawing stays, and paper always shows it. No figure is computed here. */
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

  const links = [...document.querySelectorAll(".contents a")];
  const reading = new IntersectionObserver(entries => entries.forEach(entry => {
    if (!entry.isIntersecting) return;
    for (const link of links) {
      if (link.hash === `#${entry.target.id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }), { rootMargin: "-12% 0px -78% 0px" });
  document.querySelectorAll("main > section").forEach(section => reading.observe(section));

  window.report = { drawAll: () => Promise.all(boxes.map(draw)) };
})();
