//! A reader of our own for the few shapes that our mails may have. It forgives nothing: whatever it does not know is an
//! error, so that a line too many cannot hide.

use crate::read::{Read, Who};

/// The headers of every mail, and the one that may stand besides them.
const HEADERS: [&str; 10] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
];

type Headers = Vec<(String, String)>;
type Part = (Headers, Vec<u8>);

/// Reads a mail.
pub fn read(bytes: &[u8]) -> Result<Read, String> {
    for (at, byte) in bytes.iter().enumerate() {
        let lone = match byte {
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            b'\n' => at == 0 || bytes[at - 1] != b'\r',
            b'\t' => false,
            byte => *byte < b' ' || *byte == 127,
        };
        if lone {
            return Err(format!("byte {byte} at {at}"));
        }
    }
    let (headers, body) = part(bytes)?;
    let one = |name: &str| -> Result<&str, String> {
        let mut found = headers.iter().filter(|(known, _)| known == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value),
            (first, _) => Err(format!("{name}: {}", if first.is_some() { "twice" } else { "missing" })),
        }
    };
    for (name, _) in &headers {
        if !["Reply-To", "References"].contains(&name.as_str()) && !HEADERS.contains(&name.as_str()) {
            return Err(format!("a header that no mail has: {name}"));
        }
    }
    for name in HEADERS {
        one(name)?;
    }
    let is_root = |value: &str| {
        let hash = value.strip_prefix("<jalon.posting.").and_then(|rest| rest.split_once('@'));
        hash.is_some_and(|(hash, domain)| {
            hash.len() == 32 && hash.chars().all(|c| c.is_ascii_hexdigit()) && domain.ends_with('>')
        })
    };
    let roots: Vec<&String> =
        headers.iter().filter(|(name, _)| name == "References").map(|(_, value)| value).collect();
    if roots.len() > 1 || !roots.iter().all(|root| is_root(root)) {
        return Err(format!("References: {roots:?}"));
    }
    let [text, html] = match multipart(one("Content-Type")?, "mixed") {
        Some(boundary) => {
            let [both, file] = two(body, boundary)?;
            calendar(&file)?;
            let [(name, kind)] = both.0.as_slice() else { return Err(format!("a part with {:?}", both.0)) };
            let boundary = multipart(kind, "alternative").filter(|_| name == "Content-Type");
            // The line break before the outer boundary belongs to it (RFC 2046 §5.1.1).
            two(&[both.1.as_slice(), b"\r\n"].concat(), boundary.ok_or("not multipart/alternative")?)?
        }
        None => {
            two(body, multipart(one("Content-Type")?, "alternative").ok_or("not multipart/alternative")?)?
        }
    };
    let reply_to = headers.iter().any(|(name, _)| name == "Reply-To");
    Ok(Read {
        headers: headers.iter().map(|(name, _)| name.clone()).collect(),
        from: vec![who(one("From")?)?],
        to: vec![who(one("To")?)?],
        reply_to: if reply_to { vec![who(one("Reply-To")?)?] } else { Vec::new() },
        subject: decoded(one("Subject")?)?,
        message_id: one("Message-ID")?
            .strip_prefix('<')
            .and_then(|id| id.strip_suffix('>'))
            .ok_or("Message-ID without brackets")?
            .to_owned(),
        text: content(&text, "text/plain; charset=utf-8")?,
        html: content(&html, "text/html; charset=utf-8")?,
    })
}

/// The boundary of a multipart of a kind.
fn multipart<'a>(value: &'a str, kind: &str) -> Option<&'a str> {
    value.strip_prefix(&format!("multipart/{kind}; boundary=\""))?.strip_suffix('"')
}

/// The two parts of a body.
fn two(body: &[u8], boundary: &str) -> Result<[Part; 2], String> {
    parts(body, boundary)?.try_into().map_err(|_| "not two parts".to_owned())
}

/// The dates of a mail, as a file of ours; what is in it, `tests/ics.rs` reads.
fn calendar((headers, content): &Part) -> Result<(), String> {
    let [(kind_is, kind), (attached_is, attached), (encoding_is, encoding)] = headers.as_slice() else {
        return Err(format!("a part with {headers:?}"));
    };
    let name = kind
        .strip_prefix("text/calendar; charset=utf-8; method=PUBLISH; name=\"")
        .and_then(|rest| rest.strip_suffix(".ics\""))
        .ok_or_else(|| format!("no calendar: {kind}"))?;
    let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let right = [kind_is, attached_is, encoding_is]
        == ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]
        && *attached == format!("attachment; filename=\"{name}.ics\"")
        && encoding == "base64";
    let bare: Vec<u8> = content.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    let text = String::from_utf8(base64(&bare)?).map_err(|error| error.to_string())?;
    let whole = text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("\r\nEND:VCALENDAR\r\n");
    (named && right && whole).then_some(()).ok_or_else(|| format!("a file with {headers:?}"))
}

/// Headers, unfolded, and what follows them.
fn part(bytes: &[u8]) -> Result<(Headers, &[u8]), String> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no end of the headers")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|error| error.to_string())?;
    let mut headers = Headers::new();
    for line in head.split("\r\n") {
        if line.len() > 998 || line.trim().is_empty() {
            return Err(format!("a line of {} bytes", line.len()));
        }
        if line.starts_with([' ', '\t']) {
            headers.last_mut().ok_or("folded at the beginning")?.1 += line;
            continue;
        }
        let (name, value) = line.split_once(": ").ok_or_else(|| format!("no header: {line:?}"))?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(format!("no name of a header: {name:?}"));
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok((headers, &bytes[end + 4..]))
}

/// What stands between the boundaries, with nothing before, between or after.
fn parts(body: &[u8], boundary: &str) -> Result<Vec<Part>, String> {
    let body = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let open = format!("--{boundary}\r\n");
    let body = body.strip_prefix(&open).ok_or("something before the first part")?;
    let body =
        body.strip_suffix(&format!("\r\n--{boundary}--\r\n")).ok_or("something after the last part")?;
    let mut found = Vec::new();
    for piece in body.split(&format!("\r\n{open}")) {
        if piece.contains(boundary) {
            return Err("a boundary within a part".to_owned());
        }
        let (headers, content) = part(piece.as_bytes())?;
        found.push((headers, content.to_vec()));
    }
    Ok(found)
}

fn content((headers, content): &Part, kind: &str) -> Result<String, String> {
    let expected =
        |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if headers.len() != 2 || expected("Content-Type") != Some(kind) {
        return Err(format!("a part with {headers:?}"));
    }
    let bytes = match expected("Content-Transfer-Encoding") {
        Some("quoted-printable") => quoted_printable(content)?,
        Some("base64") => {
            base64(&content.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect::<Vec<_>>())?
        }
        other => return Err(format!("encoded as {other:?}")),
    };
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// One mailbox (RFC 5322 §3.4): words and an address between angle brackets, or the address alone.
fn who(value: &str) -> Result<Who, String> {
    let Some(inner) = value.strip_suffix('>') else {
        return Ok((String::new(), address(value)?));
    };
    let (name, email) = inner.rsplit_once(" <").ok_or("no angle bracket")?;
    Ok((phrase(name)?, address(email)?))
}

fn address(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(c);
    let whole = text.chars().all(plain) && text.matches('@').count() == 1;
    whole.then(|| text.to_owned()).ok_or_else(|| format!("no address: {text:?}"))
}

fn phrase(name: &str) -> Result<String, String> {
    if let Some(quoted) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        let (mut words, mut signs) = (String::new(), quoted.chars());
        while let Some(sign) = signs.next() {
            words.push(match sign {
                '"' => return Err(format!("a quote within quotes: {name}")),
                '\\' => signs.next().ok_or("a backslash at the end")?,
                sign => sign,
            });
        }
        // Many readers decode encoded words within quotes, against RFC 2047 §5.
        return if words.contains("=?") { Err(format!("encoded within quotes: {name}")) } else { Ok(words) };
    }
    if name.contains("=?") {
        return decoded(name);
    }
    let atom = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    name.chars().all(atom).then(|| name.to_owned()).ok_or_else(|| format!("no phrase: {name:?}"))
}

/// Words, some of them encoded (RFC 2047); what stands between two encoded ones is left out.
fn decoded(value: &str) -> Result<String, String> {
    let (mut words, mut after_encoded) = (String::new(), false);
    for (n, word) in value.split(' ').enumerate() {
        let word = word.trim_matches('\t');
        let inner = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        if word.contains("=?") && inner.is_none() {
            return Err(format!("an encoded word of somebody else's: {word:?}"));
        }
        if n > 0 && !(after_encoded && (inner.is_some() || word.is_empty())) {
            words.push(' ');
        }
        if let Some(inner) = inner {
            words += &String::from_utf8(base64(inner.as_bytes())?).map_err(|error| error.to_string())?;
            after_encoded = true;
        } else {
            words.push_str(word);
            after_encoded &= word.is_empty();
        }
    }
    if words.chars().any(char::is_control) {
        return Err(format!("control characters: {words:?}"));
    }
    Ok(words)
}

fn quoted_printable(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match (first, more) {
            (b'=', [b'\r', b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) => {
                let pair = [*high, *low];
                let pair = std::str::from_utf8(&pair).map_err(|error| error.to_string())?;
                found.push(u8::from_str_radix(pair, 16).map_err(|error| error.to_string())?);
                rest = after;
            }
            (b'=', _) => return Err("= at the end".to_owned()),
            (b'\t' | b'\r' | b'\n' | b' '..=b'~', _) => found.push(*first),
            _ => return Err(format!("byte {first} in quoted-printable")),
        }
    }
    Ok(found)
}

fn base64(text: &[u8]) -> Result<Vec<u8>, String> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    if !text.len().is_multiple_of(4) {
        return Err("base64 cut short".to_owned());
    }
    for sign in text.iter().filter(|sign| **sign != b'=') {
        let value = SIGNS.iter().position(|known| known == sign).ok_or("no base64")?;
        held = held << 6 | u32::try_from(value).map_err(|error| error.to_string())?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).map_err(|error| error.to_string())?);
        }
    }
    Ok(bytes)
}
