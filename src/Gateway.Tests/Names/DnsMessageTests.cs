using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Gateway.Names;

namespace Gateway.Tests.Names;

public class DnsMessageTests
{
    private static readonly DnsQuestion _question = DnsQuestion.Of("www.example.com.", DnsType.A);

    // RFC 1035, section 4.1: header, question, and an option record (RFC 6891).
    [Fact]
    public void Ask_Question_IsTheMessageOfTheStandard() => Assert.Equal(
        "1234" + "0100" + "0001" + "0000" + "0000" + "0001"
        + "0377777707" + "6578616d706c65" + "03636f6d00" + "0001" + "0001"
        + "00" + "0029" + "04d0" + "00000000" + "0000",
        Convert.ToHexStringLower(DnsMessage.Ask(0x1234, _question)));

    // The answer of a server: the name compressed, an alias, and two addresses.
    [Fact]
    public void Read_Answer_HasItsRecords()
    {
        var response = DnsMessage.Read(Answer("c00c", "0005", "0000000a", "0004 016ac010", "c02d 0001 0001 00000014 0004 0a000001"), 0x1234, _question)!;

        Assert.Equal((0, false), (response.Code, response.IsTruncated));
        Assert.Equal(["www.example.com CNAME 10 j.example.com", "j.example.com A 20 10.0.0.1"], response.Answers.Select(Text));
    }

    [Theory]
    [InlineData("another number", 0x1235, "www.example.com", 1)]
    [InlineData("another name", 0x1234, "www.example.org", 1)]
    [InlineData("another type", 0x1234, "www.example.com", 28)]
    public void Read_AnswerToSomethingElse_IsNone(string what, int id, string name, int type)
    {
        Assert.NotEmpty(what);
        Assert.Null(DnsMessage.Read(Answer(), (ushort)id, DnsQuestion.Of(name, (DnsType)type)));
    }

    [Fact]
    public void Read_OtherCase_IsTheSameName() =>
        Assert.NotNull(DnsMessage.Read(Answer(), 0x1234, DnsQuestion.Of("WWW.Example.com", DnsType.A)));

    [Theory]
    // A question instead of an answer; another operation; two questions.
    [InlineData("1234 0100 0001 0000 0000 0000 0377777707 6578616d706c65 03636f6d00 0001 0001")]
    [InlineData("1234 a100 0001 0000 0000 0000 0377777707 6578616d706c65 03636f6d00 0001 0001")]
    [InlineData("1234 8100 0002 0000 0000 0000 0377777707 6578616d706c65 03636f6d00 0001 0001")]
    [InlineData("1234 8100")]
    [InlineData("")]
    public void Read_NoAnswer_IsNone(string hex) => Assert.Null(DnsMessage.Read(Bytes(hex), 0x1234, _question));

    [Theory]
    [InlineData("a pointer to itself", "c021 0001 0001 00000014 0004 0a000001")]
    [InlineData("a pointer forward", "c040 0001 0001 00000014 0004 0a000001")]
    [InlineData("an unknown kind of label", "80 0001 0001 00000014 0004 0a000001")]
    [InlineData("an address of three bytes", "c00c 0001 0001 00000014 0003 0a0000")]
    [InlineData("data beyond the message", "c00c 0001 0001 00000014 0004 0a0000")]
    [InlineData("an alias longer than its data", "c00c 0005 0001 00000014 0001 c00c")]
    [InlineData("an alias shorter than its data", "c00c 0005 0001 00000014 0003 c00c00")]
    [InlineData("no record at all", "")]
    public void Read_BrokenRecord_IsRefused(string what, string record)
    {
        Assert.NotEmpty(what);
        Assert.Throws<FormatException>(() => DnsMessage.Read(Answer(records: record), 0x1234, _question));
    }

    [Fact]
    public void Read_Truncated_HasNoRecords()
    {
        var answer = Answer(records: "c0");
        answer[2] |= 0x02;

        var response = DnsMessage.Read(answer, 0x1234, _question)!;

        Assert.True(response.IsTruncated);
        Assert.Empty(response.Answers);
    }

    [Theory]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm.example")]
    public void Ask_NoName_IsRefused(string name) =>
        Assert.Throws<FormatException>(() => DnsMessage.Ask(1, new DnsQuestion(name, DnsType.A)));

    [Theory]
    [InlineData("häuser.example", "xn--huser-gra.example")]
    [InlineData("_http._tcp.example.", "_http._tcp.example")]
    [InlineData(".", "")]
    public void Of_Name_IsInAscii(string name, string ascii) => Assert.Equal(ascii, DnsQuestion.Of(name, DnsType.A).Name);

    // Whatever comes, reading ends: with an answer, with none, or refused, and never with another exception.
    [Property(MaxTest = 3000)]
    public void Read_AnyBytes_EndsOneOfThreeWays(byte[] bytes) => ReadAnyhow(bytes);

    [Property(MaxTest = 3000)]
    public Property Read_AnswerWithBytesChanged_EndsOneOfThreeWays() => Prop.ForAll(
        Gen.Choose(0, 200).Two().Zip(Gen.Choose(0, 255)).ListOf(4).ToArbitrary(),
        changes =>
        {
            var answer = Answer("c00c", "0005", "0000000a", "0004 016ac010", "c02d 0001 0001 00000014 0004 0a000001");
            foreach (var ((at, cut), value) in changes)
            {
                answer[at % answer.Length] = (byte)value;
                answer = cut < 20 ? answer[..Math.Max(1, answer.Length - cut)] : answer;
            }

            ReadAnyhow(answer);
        });

    private static void ReadAnyhow(byte[] bytes)
    {
        var id = bytes.Length < 2 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        try
        {
            var response = DnsMessage.Read(bytes, id, _question);
            Assert.All(response?.Answers ?? [], record => Assert.True(record.Name.Length <= DnsName.MaxBytes));
        }
        catch (FormatException)
        {
            // Refused.
        }
    }

    // An answer with one record, and more.
    private static byte[] Answer(string owner, string type, string ttl, string data, string more) =>
        Answer(records: $"{owner} {type} 0001 {ttl} {data} {more}", count: 2);

    private static byte[] Answer(string records = "c00c 0001 0001 00000014 0004 0a000001", int count = 1) => Bytes(
        $"1234 8180 0001 {count:x4} 0000 0000 0377777707 6578616d706c65 03636f6d00 0001 0001 {records}");

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    private static string Text(DnsRecord record) => $"{record.Name} {record.Type} {record.Ttl.TotalSeconds} {record.Text}";
}
