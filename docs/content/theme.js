// Loaded before the page shows, so that it never flashes in the wrong colours. Without a choice the system's holds.
try {
  const chosen = localStorage.getItem('theme');
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* storage may be switched off */ }
