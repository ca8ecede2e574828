// The theme that was chosen here before, set before anything is drawn. Without one the system's holds.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("sockeye-theme");
  } catch {
    // no storage: the system's
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
