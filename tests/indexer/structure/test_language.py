import pytest

from indexer.structure import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Senior data engineer with Kafka and Airflow,\nbased in Leeds and used to night shifts", "en"),
        ("Projektleiter für den Innenausbau,\nzwölf Jahre Erfahrung auf Baustellen", "de"),
        ("Comptable mandants, sept ans d'expérience chez des gestionnaires d'immeubles", "fr"),
        ("Administrativa contable con dos años en empresas de hostelería", "es"),
        ("Księgowa z ośmioletnim doświadczeniem w handlu hurtowym", "pl"),
        ("Inginer constructor cu zece ani de experiență pe șantier", "ro"),
        ("Sjuksköterska med tio års erfarenhet av akutsjukvård", "sv"),
        ("営業部長として東京で五年間働きました。部下は十二人です。", "ja"),
        ("SENIOR ACCOUNTANT WITH EIGHT YEARS IN WHOLESALE AND RETAIL", "en"),
        ("", "und"),
        ("C++, SQL", "und"),
        ("12345 67890 2019 – 2022", "und"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect_language(text) == language
