/** The most common passwords of at least eight characters, and a few shorter ones for installations that allow those. */
const words = `
123456 12345 1234567 654321 111111 000000 123123 666666 121212 112233 qwerty abc123 password iloveyou monkey dragon letmein
admin welcome login master shadow secret football baseball princess sunshine trustno1 superman batman michael jordan jennifer
12345678 123456789 1234567890 0123456789 9876543210 987654321 87654321 11111111 00000000 88888888 66666666 99999999 12341234
11223344 12344321 123123123 147258369 123654789 password1 password12 password123 password1234 passw0rd passw0rd1 p@ssword
p@ssw0rd p@ssw0rd1 pa$$word pa$$w0rd motdepasse passwort passwort1 qwerty12 qwerty123 qwerty1234 qwertyui qwertyuiop
qwertz123 azertyuiop asdfghjk asdfghjkl asdf1234 zxcvbnm1 zxcvbnm123 zxcvbnm, 1q2w3e4r 1q2w3e4r5t q1w2e3r4 q1w2e3r4t5 1qaz2wsx
1qazxsw2 zaq12wsx zaq1zaq1 qazwsxedc qweasdzxc qwe123qwe 1234qwer qwer1234 abcd1234 abcdefgh abcdefg1 abc12345 abc123456 a1b2c3d4
aa123456 aaaaaaaa a1234567 a12345678 test1234 testtest testing1 test12345 admin123 admin1234 admin12345 administrator root1234
rootroot welcome1 welcome123 letmein1 letmein123 iloveyou1 iloveyou2 ihateyou changeme changeme1 changeme123 default1 guest123
sunshine1 princess1 football1 baseball1 basketball superman1 spiderman batman123 starwars pokemon1 naruto123 charlie1 michael1
michelle jessica1 jennifer1 ashley123 samantha victoria alexande alexander elizabeth dragon123 monkey123 master123 shadow123
computer internet whatever liverpool chelsea1 arsenal1 barcelona realmadrid mustang1 corvette mercedes ferrari1 secret123
summer2024 summer2025 winter2024 winter2025 spring2025 autumn2025 company1 company123 temp1234 temporary qwerty12345
`;

/** In lower case, as they are compared. */
export const commonPasswords: ReadonlySet<string> = new Set(words.split(/\s+/).filter(Boolean));
