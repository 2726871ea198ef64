//! What was found out about a file, said in sentences.

use super::layout::Layout;

impl Layout {
    /// What was found, and what deserves a look: the first says how the file is read.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.dialect_note(), self.columns_note()];
        notes.extend(self.counting_note());
        notes
    }

    fn dialect_note(&self) -> String {
        let encoding = if self.is_utf8() { String::new() } else { format!("{}, ", self.encoding.name()) };
        let header = match (self.last_head_line, self.has_units) {
            (0, _) => ", no header",
            (_, true) => ", header and units",
            (_, false) => "",
        };
        format!("read as {encoding}{}{header}", self.dialect.name())
    }

    fn columns_note(&self) -> String {
        let channels: Vec<String> = self.channels.iter().map(|channel| channel.shown()).collect();
        let mut parts = vec![format!("channels: {}", channels.join(", "))];
        if let Some(form) = &self.form {
            let names: Vec<String> = self.time.iter().map(|column| self.name(*column)).collect();
            parts.push(format!("time: {} in {}", names.join(" and "), form.name()));
        }
        if let Some(label) = self.label {
            parts.push(format!("label: {}", self.name(label)));
        }
        let left_out: Vec<String> =
            self.left_out.iter().map(|column| format!("{} ({})", column.name, column.why)).collect();
        if !left_out.is_empty() {
            parts.push(format!("left out: {}", left_out.join(", ")));
        }
        parts.join("; ")
    }

    fn counting_note(&self) -> Option<String> {
        let counting: Vec<&str> = self
            .channels
            .iter()
            .filter(|channel| channel.counts)
            .map(|channel| channel.name.as_str())
            .collect();
        let first = counting.first()?;
        Some(format!(
            "{} counts up by one: if it only numbers the rows, leave it out with --ignore '{first}'",
            counting.join(" and ")
        ))
    }
}

impl super::layout::Channel {
    /// The name with its unit.
    pub fn shown(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{} [{unit}]", self.name),
            None => self.name.clone(),
        }
    }
}
