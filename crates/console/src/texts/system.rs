//! Texts about systems.

use super::texts;

texts! {
    /// Systems.
    SystemTexts {
        state: "State", "Zustand";
        since: "since", "seit";
        reason: "Reason", "Grund";
        failures: "Failed in a row", "Fehlschläge in Folge";
        connector: "Connector", "Konnektor";
        mode: "Mode", "Modus";
        observe: "observe", "beobachten";
        propose: "propose", "vorschlagen";
        enforce: "enforce", "durchsetzen";
        well: "well", "gesund";
        paused: "paused", "ruht";
        quarantine: "in quarantine", "in Quarantäne";
        failing: "last read ended early", "letztes Lesen endete vorzeitig";
        resting: "asked to wait", "bat um Geduld";
        read: "Last read", "Zuletzt gelesen";
        never: "never", "nie";
        waiting: "Waiting", "Wartend";
        next_try: "next try", "nächster Versuch";
        planned: "To be done", "Zu tun";
        sent: "Without an answer yet", "Noch ohne Antwort";
        held: "Held", "Angehalten";
        tickets: "With people", "Bei Menschen";
        pause: "Pause", "Ruhen lassen";
        resume: "Go on", "Weitermachen";
    }
}
