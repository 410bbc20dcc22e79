//! Given names and family names of the sample company's people, by where its sites are.
//!
//! The names are everyday ones put together by chance. No name has a space, so that sign-in names stay simple.

/// Names that are usual around one place.
pub(crate) struct Names {
    /// Given names.
    pub(crate) given: &'static [&'static str],
    /// Family names.
    pub(crate) family: &'static [&'static str],
}

/// Around Hamburg.
const GERMAN: Names = Names {
    given: &[
        "Anke", "Bernd", "Britta", "Carsten", "Dörte", "Eike", "Frauke", "Gesa", "Hanno", "Imke",
        "Jannik", "Jürgen", "Karin", "Lars", "Levke", "Malte", "Meike", "Nils", "Ole", "Petra",
        "Ralf", "Silke", "Sönke", "Thorsten", "Uwe", "Wiebke",
    ],
    family: &[
        "Ahrens",
        "Behrens",
        "Carstensen",
        "Diercks",
        "Ehlers",
        "Friedrichsen",
        "Gröning",
        "Harms",
        "Iversen",
        "Jürgens",
        "Köhler",
        "Lüders",
        "Martens",
        "Nissen",
        "Oltmanns",
        "Petersen",
        "Quast",
        "Reimers",
        "Schröder",
        "Thomsen",
        "Voß",
        "Wulff",
    ],
};

/// Around Rotterdam.
const DUTCH: Names = Names {
    given: &[
        "Anouk", "Bram", "Daan", "Eline", "Femke", "Gijs", "Hanneke", "Ilse", "Jeroen", "Koen",
        "Lotte", "Maarten", "Niels", "Pieter", "Roos", "Sanne", "Teun", "Wouter", "Xander", "Yara",
    ],
    family: &[
        "Bakker",
        "Boersma",
        "Dekker",
        "Dijkstra",
        "Groen",
        "Hendriks",
        "Hoekstra",
        "Jansen",
        "Kuipers",
        "Meijer",
        "Mulder",
        "Postma",
        "Smit",
        "Timmermans",
        "Veenstra",
        "Verhoeven",
        "Visser",
        "Zijlstra",
    ],
};

/// Around Gdańsk.
const POLISH: Names = Names {
    given: &[
        "Agnieszka",
        "Bartosz",
        "Dorota",
        "Ewa",
        "Filip",
        "Grażyna",
        "Hubert",
        "Iwona",
        "Jacek",
        "Kinga",
        "Łukasz",
        "Magda",
        "Marek",
        "Natalia",
        "Olga",
        "Paweł",
        "Renata",
        "Stanisław",
        "Tomasz",
        "Zofia",
    ],
    family: &[
        "Adamczyk",
        "Dąbrowski",
        "Górski",
        "Jabłoński",
        "Kaczmarek",
        "Kowalczyk",
        "Król",
        "Lewandowska",
        "Majewski",
        "Mazur",
        "Nowak",
        "Pawlak",
        "Sikora",
        "Stępień",
        "Szymański",
        "Walczak",
        "Wójcik",
        "Zając",
    ],
};

/// Around Lisbon.
const PORTUGUESE: Names = Names {
    given: &[
        "Beatriz", "Bruno", "Catarina", "Diogo", "Eduardo", "Filipa", "Gonçalo", "Helena", "Inês",
        "João", "Leonor", "Luís", "Mafalda", "Nuno", "Rita", "Rui", "Sofia", "Tiago", "Vasco",
    ],
    family: &[
        "Almeida",
        "Antunes",
        "Barros",
        "Cardoso",
        "Carvalho",
        "Coelho",
        "Correia",
        "Esteves",
        "Ferreira",
        "Gomes",
        "Henriques",
        "Lopes",
        "Matos",
        "Monteiro",
        "Pinto",
        "Ribeiro",
        "Simões",
        "Teixeira",
    ],
};

/// Around Leeds.
const ENGLISH: Names = Names {
    given: &[
        "Alice",
        "Ben",
        "Charlotte",
        "Callum",
        "Daisy",
        "Ellis",
        "Freya",
        "George",
        "Harriet",
        "Imogen",
        "Jack",
        "Kieran",
        "Lucy",
        "Megan",
        "Oliver",
        "Poppy",
        "Rhys",
        "Samuel",
        "Tara",
        "William",
    ],
    family: &[
        "Ackroyd",
        "Barraclough",
        "Clegg",
        "Dawson",
        "Earnshaw",
        "Firth",
        "Greenwood",
        "Hargreaves",
        "Illingworth",
        "Jagger",
        "Kershaw",
        "Lister",
        "Metcalfe",
        "Naylor",
        "Ogden",
        "Priestley",
        "Ramsden",
        "Sutcliffe",
    ],
};

/// From everywhere else.
const ELSEWHERE: Names = Names {
    given: &[
        "Adaeze",
        "Aisha",
        "Amir",
        "Ayşe",
        "Chidi",
        "Divya",
        "Elif",
        "Farid",
        "Giulia",
        "Hamza",
        "Ifeoma",
        "Ivana",
        "Kenji",
        "Leila",
        "Linh",
        "Marta",
        "Mehmet",
        "Nadia",
        "Oksana",
        "Priya",
        "Ravi",
        "Samira",
        "Søren",
        "Tariq",
        "Valentina",
        "Yusuf",
        "Zainab",
    ],
    family: &[
        "Achebe",
        "Ahmed",
        "Bianchi",
        "Chaudhry",
        "Demir",
        "Eze",
        "Farouk",
        "Georgiou",
        "Haddad",
        "Hansen",
        "Iqbal",
        "Jensen",
        "Kaya",
        "Lindqvist",
        "Mehta",
        "Nguyen",
        "Obi",
        "Papadakis",
        "Rahman",
        "Sharma",
        "Tanaka",
        "Uzun",
        "Virtanen",
        "Yilmaz",
        "Zhang",
    ],
};

/// The names that are usual around the site with this code.
pub(crate) fn around(site: &str) -> &'static Names {
    match site {
        "HAM" => &GERMAN,
        "RTM" => &DUTCH,
        "GDN" => &POLISH,
        "LIS" => &PORTUGUESE,
        "LDS" => &ENGLISH,
        _ => &ELSEWHERE,
    }
}

/// The name in ASCII letters, as the expression function `ascii` writes it, for the letters that occur in this file.
pub(crate) fn ascii(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ã' | 'ą' | 'á' => plain.push('a'),
            'ç' | 'ć' => plain.push('c'),
            'ę' | 'é' | 'ê' => plain.push('e'),
            'í' => plain.push('i'),
            'Ł' => plain.push('L'),
            'ł' => plain.push('l'),
            'ń' => plain.push('n'),
            'ó' | 'ø' | 'õ' => plain.push('o'),
            'ş' | 'ś' => plain.push('s'),
            'ß' => plain.push_str("ss"),
            'ż' | 'ź' => plain.push('z'),
            other => plain.push(other),
        }
    }
    plain
}
