//! The people that an emulated Entra has at its start.

use super::{
    person::Person,
    tenants::{CONTOSO, FABRIKAM, PERSONAL},
};

pub(super) fn default_people() -> Vec<Person> {
    let blue = include_bytes!("photos/blue.png");
    let green = include_bytes!("photos/green.png");
    vec![
        Person::new(CONTOSO, "ada@contoso.example")
            .with_name("Ada", "Lovelace")
            .with_language("en-GB")
            .with_photo(blue),
        Person::new(CONTOSO, "grace@contoso.example")
            .with_name("Grace", "Hopper")
            .with_language("en-US"),
        Person::new(CONTOSO, "li@contoso.example")
            .with_name("丽", "张")
            .with_language("zh-Hans-CN")
            .with_photo(green),
        Person::new(
            CONTOSO,
            "guest_mail.example#EXT#@contoso.onmicrosoft.example",
        )
        .with_name("Gustave", "Guest")
        .with_mail("guest@mail.example"),
        Person::new(CONTOSO, "nomail@contoso.example")
            .with_name("Noel", "Nomail")
            .without_mail(),
        Person::new(FABRIKAM, "frank@fabrikam.example")
            .with_name("Frank", "Fabrikant")
            .with_language("de-DE"),
        Person::new(PERSONAL, "pat@mail.example")
            .with_name("Pat", "Personal")
            .without_mail(),
    ]
}
