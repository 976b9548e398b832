// Leaving the page without paying frees the charger for others; going on inside the pages does not count.
(() => {
  const left = document.currentScript.dataset.left;
  let inside = false;
  const stay = (event) => {
    if (event.target.closest("[data-inside]")) inside = true;
  };
  document.addEventListener("click", stay);
  document.addEventListener("submit", (event) => {
    inside = true;
    event.target.querySelector("button").disabled = true;
  });
  addEventListener("pageshow", () => { inside = false; });
  addEventListener("pagehide", () => { if (!inside) navigator.sendBeacon(left); });
})();
