//! What ails a ledger that cannot be used, as far as it can be told, and what a person does about it.

use crate::diagnostic::{Words, say};

/// What ails a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// Its disk is full, or its share of it.
    Full,
    /// It, or its folder, may not be written.
    ReadOnly,
    /// What is in the file is damaged, or no ledger at all.
    Damaged,
    /// Its files were deleted, moved or replaced under a running daemon.
    Moved,
    /// There is none, but there are copies of one.
    Gone,
    /// Another program keeps writing to it.
    Occupied,
    /// The disk failed, or does not say why.
    Disk,
    /// The server, or the way to it, is away.
    Away,
    /// The server does not let us in.
    Login,
    /// The server's certificate comes from an authority that is not trusted.
    Untrusted,
    /// The server's certificate is of another name.
    OtherName,
    /// The server's certificate has expired, or is not valid yet.
    Expired,
    /// The server offers no TLS.
    NoTls,
    /// The server has no such database.
    NoDatabase,
    /// The server does not let us make or write tables.
    Rights,
    /// The server only follows another one.
    Standby,
    /// Nothing that is known.
    Unknown,
}

impl Ailment {
    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> Option<Words> {
        Some(match self {
            Self::Full => say(
                "libérez de la place sur son disque\u{a0}: jalon reprend de lui-même",
                "make room on its disk: jalon goes on by itself",
            ),
            Self::ReadOnly => say(
                "rendez ce fichier et son dossier inscriptibles pour l'utilisateur de jalon",
                "let jalon's user write this file and its folder",
            ),
            Self::Damaged => say(
                "arrêtez jalon, puis restaurez une copie\u{a0}: jalon restore FICHIER (les copies du jour sont dans « backups », à côté du registre)",
                "stop jalon and restore a copy: jalon restore FILE (the daily copies are in `backups`, beside the ledger)",
            ),
            Self::Moved => say(
                "remettez ses fichiers à leur place, ou arrêtez jalon et restaurez une copie\u{a0}: jalon restore FICHIER",
                "put its files back where they were, or stop jalon and restore a copy: jalon restore FILE",
            ),
            Self::Gone => say(
                "restaurez la plus récente\u{a0}: jalon restore FICHIER\u{a0}; ou, pour repartir d'un registre vide, déplacez ces copies ailleurs",
                "restore the latest: jalon restore FILE; or, to begin with an empty ledger, move these copies elsewhere",
            ),
            Self::Occupied => {
                say("fermez l'autre programme qui y écrit", "close the other program that writes to it")
            }
            Self::Disk => say(
                "vérifiez son disque, et la place qui y reste",
                "check its disk, and the room that is left on it",
            ),
            Self::Away => say(
                "vérifiez que le serveur PostgreSQL tourne et qu'il est joignable d'ici\u{a0}: jalon reprend de lui-même",
                "see that the PostgreSQL server runs and can be reached from here: jalon goes on by itself",
            ),
            Self::Login => say(
                "vérifiez l'utilisateur, le mot de passe (password sous [ledger]) et pg_hba.conf",
                "check the user, the password (`password` under [ledger]) and pg_hba.conf",
            ),
            Self::Untrusted => say(
                "rien ne lui a été dit\u{a0}: son certificat vient d'une autorité inconnue d'ici\u{a0}; ajoutez-la à l'adresse\u{a0}: ?sslrootcert=/etc/jalon/db-ca.pem",
                "nothing was said to it: its certificate comes from an authority that is unknown here; add that to the address: ?sslrootcert=/etc/jalon/db-ca.pem",
            ),
            Self::OtherName => say(
                "rien ne lui a été dit\u{a0}: son certificat est au nom d'une autre machine\u{a0}; écrivez dans l'adresse un nom qu'il porte, ou refaites-le",
                "nothing was said to it: its certificate is of another name; write a name in the address that it holds, or have it made anew",
            ),
            Self::Expired => say(
                "rien ne lui a été dit\u{a0}: son certificat n'est pas, ou plus, valable\u{a0}; renouvelez-le, et vérifiez l'heure de cette machine",
                "nothing was said to it: its certificate has expired, or is not valid yet; renew it, and check this machine's clock",
            ),
            Self::NoTls => say(
                "rien ne lui a été dit\u{a0}: il ne propose pas TLS\u{a0}; donnez-lui un certificat (ssl = on dans postgresql.conf), ou, sur un réseau à vous seul, écrivez ?sslmode=disable",
                "nothing was said to it: it offers no TLS; give it a certificate (ssl = on in postgresql.conf), or, on a network of your own, write ?sslmode=disable",
            ),
            Self::NoDatabase => {
                say("créez-la\u{a0}: createdb --owner=jalon jalon", "make it: createdb --owner=jalon jalon")
            }
            Self::Rights => say(
                "donnez la base de données à l'utilisateur de jalon\u{a0}: ALTER DATABASE jalon OWNER TO jalon",
                "give the database to jalon's user: ALTER DATABASE jalon OWNER TO jalon",
            ),
            Self::Standby => say(
                "nommez dans l'adresse le serveur principal, ou ajoutez target_session_attrs=read-write",
                "name the primary server in the address, or add target_session_attrs=read-write",
            ),
            Self::Unknown => return None,
        })
    }
}
