// Runs before the first paint (a classic script, on purpose), so that the page
// does not flash in the wrong theme. An attribute from the server wins.
(() => {
  const root = document.documentElement;
  if (root.dataset.theme) return;
  let theme = null;
  try {
    theme = localStorage.getItem("viz-theme");
  } catch {
    // storage may be forbidden; the system's wish is good enough
  }
  if (theme !== "light" && theme !== "dark") {
    theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  }
  root.dataset.theme = theme;
})();
