// The script that stands in the page as it is. It gives the page its `cppn` at once, unpacks the
// other scripts and the shaders, and starts them; where it cannot, it says why.
"use strict";
(() => {
  const text = (id) => document.getElementById(id).textContent;
  const shot = JSON.parse(text("cppn-gl"));

  const unpacked = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };

  const started = (async () => {
    if (typeof DecompressionStream === "undefined") {
      throw new Error("this browser is too old to unpack the page (no DecompressionStream)");
    }
    const { description, packed } = JSON.parse(text("description-data"));
    const { program, shaders } = await unpacked(packed);
    const script = document.createElement("script");
    script.textContent = program;
    document.head.append(script);
    script.remove();
    return globalThis.program.start(description, shaders);
  })();

  let page = null;
  globalThis.cppn = {
    // The preset shown now, as TOML.
    get preset() {
      return page ? page.preset : shot.preset;
    },
    // A Promise of Uint8Array RGBA, row 0 on top, one sample a pixel, of the preset shown now.
    render: async (width, height, time) => (await started).render(width, height, time),
  };

  started.then(
    (found) => (page = found),
    (error) => {
      document.getElementById("problem").textContent =
        `A still picture: ${error.message || error}.`;
    },
  );
})();
