// Installing the page as an app.

let invitation = null; // the browser's, which may come before Python does

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // shown when the button is pressed
  invite(event);
});
addEventListener("appinstalled", () => invite(null));

function invite(event) {
  invitation = event;
  dispatchEvent(new Event("obscura-installable"));
}

export const installable = () => invitation !== null;

export async function install() {
  await invitation?.prompt();
  invite(null); // each can be used once
}
