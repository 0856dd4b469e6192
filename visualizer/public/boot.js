// Asks for the job's data while the page's own script still comes.
window.lavaDispatch = { view: fetch("view.json"), layout: fetch("layout.json") };
