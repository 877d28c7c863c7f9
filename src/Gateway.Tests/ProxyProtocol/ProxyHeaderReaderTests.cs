using System.Buffers.Binary;
using System.Net;
using System.Text;
using Gateway.ProxyProtocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.ProxyProtocol;

public class ProxyHeaderReaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "192.0.2.1:56324", "198.51.100.7:443")]
    [InlineData("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", "255.255.255.255:65535", "0.0.0.0:0")]
    [InlineData("PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "[2001:db8::1]:1", "[::1]:2")]
    [InlineData("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1:1", "192.0.2.2:2")]
    [InlineData("PROXY UNKNOWN\r\n", null, null)]
    [InlineData("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", null, null)]
    public void Read_Text_Says(string line, string? source, string? destination)
    {
        var bytes = Encoding.ASCII.GetBytes(line + "GET /");

        Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderReader.Read(bytes, out var header, out var length));

        Assert.Equal(line.Length, length);
        Assert.Equal((source, destination), (header.Source?.ToString(), header.Destination?.ToString()));
        AssertIncompleteBefore(bytes, length);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n")]
    [InlineData("PROXY TCP4  192.0.2.1 198.51.100.7 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 \r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 056324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 +56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2 198.51.100.7 56324 443\r\n")]
    [InlineData("PROXY TCP4 0x7f.0.0.1 198.51.100.7 56324 443\r\n")]
    [InlineData("PROXY TCP4 ::1 ::2 56324 443\r\n")]
    [InlineData("PROXY TCP6 192.0.2.1 198.51.100.7 56324 443\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 ::2 56324 443\r\n")]
    [InlineData("PROXY UDP4 192.0.2.1 198.51.100.7 56324 443\r\n")]
    [InlineData("proxy TCP4 192.0.2.1 198.51.100.7 56324 443\r\n")]
    public void Read_WrongText_IsMalformed(string line) => Assert.Equal(
        ProxyHeaderResult.Malformed, ProxyHeaderReader.Read(Encoding.ASCII.GetBytes(line), out _, out _));

    [Fact]
    public void Read_TextWithoutEnd_IsMalformedAtTheLongestLine()
    {
        var line = Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 93));

        Assert.Equal(ProxyHeaderResult.Incomplete, ProxyHeaderReader.Read(line.AsSpan(0, 106), out _, out _));
        Assert.Equal(ProxyHeaderResult.Malformed, ProxyHeaderReader.Read(line, out _, out _));
    }

    [Theory]
    [InlineData("21" + "11" + "000C" + "C0000201" + "C6336407" + "DC04" + "01BB", "192.0.2.1:56324", "198.51.100.7:443")]
    [InlineData("21" + "21" + "0024" + "20010DB8000000000000000000000001" + "00000000000000000000000000000001" + "0001" + "0002",
        "[2001:db8::1]:1", "[::1]:2")]
    [InlineData("20" + "00" + "0000", null, null)] // LOCAL: a proxy's own probe
    [InlineData("20" + "11" + "0003" + "FFFFFF", null, null)] // what follows LOCAL is skipped, whatever it is
    [InlineData("21" + "00" + "0000", null, null)]
    public void Read_Binary_Says(string hex, string? source, string? destination)
    {
        var bytes = Convert.FromHexString(Signature + hex + "474554");

        Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderReader.Read(bytes, out var header, out var length));

        Assert.Equal(bytes.Length - 3, length);
        Assert.Equal((source, destination), (header.Source?.ToString(), header.Destination?.ToString()));
        AssertIncompleteBefore(bytes, length);
    }

    [Theory]
    [InlineData("11" + "11" + "000C" + "C0000201C6336407DC0401BB")] // version 1
    [InlineData("22" + "11" + "000C" + "C0000201C6336407DC0401BB")] // no such command
    [InlineData("21" + "41" + "000C" + "C0000201C6336407DC0401BB")] // no such family
    [InlineData("21" + "13" + "000C" + "C0000201C6336407DC0401BB")] // no such transport
    [InlineData("21" + "11" + "000B" + "C0000201C6336407DC0401")] // too short for its addresses
    [InlineData("21" + "11" + "000E" + "C0000201C6336407DC0401BB" + "0100")] // half an extension
    [InlineData("21" + "11" + "0010" + "C0000201C6336407DC0401BB" + "01000201")] // an extension that is cut short
    [InlineData("21" + "11" + "0013" + "C0000201C6336407DC0401BB" + "03000400000000")] // a wrong checksum
    [InlineData("21" + "11" + "4000")] // longer than is taken
    public void Read_WrongBinary_IsMalformed(string hex) => Assert.Equal(
        ProxyHeaderResult.Malformed, ProxyHeaderReader.Read(Convert.FromHexString(Signature + hex), out _, out _));

    [Fact]
    public void Read_Extensions_AreKeptButForChecksumAndPadding()
    {
        var fields = "02000B6578616D706C652E636F6D" + "0400020000" + "E000020102";
        var head = "21" + "11" + "002B" + "C0000201C6336407DC0401BB";
        var bytes = Convert.FromHexString(Signature + head + "03000400000000" + fields);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(31), Crc32C(bytes));

        Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderReader.Read(bytes, out var header, out _));

        Assert.Equal("02000B6578616D706C652E636F6D" + "E000020102", Convert.ToHexString(header.Extensions.Span));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Write_ThenRead_IsTheSame(int version)
    {
        var target = new byte[ProxyHeaderWriter.MaxLength];
        var (client, local) = (IPEndPoint.Parse("[2001:db8::9]:4711"), IPEndPoint.Parse("192.0.2.1:25"));
        var fields = Convert.FromHexString("E000020102");

        var length = ProxyHeaderWriter.Write(target, version, client, local, fields);

        Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderReader.Read(target, out var header, out var read));
        Assert.Equal((length, client, local), (read, header.Source, header.Destination));
        Assert.Equal(version == 1 ? [] : fields, header.Extensions.ToArray());
    }

    [Fact]
    public void Read_MillionMutatedHeaders_NeverThrowsAndTakesNoMoreThanThereIs()
    {
        byte[][] seeds =
        [
            Encoding.ASCII.GetBytes("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET /"),
            Encoding.ASCII.GetBytes("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"),
            Encoding.ASCII.GetBytes("PROXY UNKNOWN\r\n"),
            Convert.FromHexString(Signature + "2111000CC0000201C6336407DC0401BB474554"),
            Convert.FromHexString(Signature + "21110021C0000201C6336407DC0401BB02000B6578616D706C652E636F6D0400020000E0000100"),
        ];
        var random = new Random(5);
        var complete = 0;
        var mostAllocated = 0L;

        for (var i = 0; i < 1_000_000; i++)
        {
            var bytes = Mutation.Of(seeds[i % seeds.Length], random);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var result = ProxyHeaderReader.Read(bytes, out var header, out var length);
            mostAllocated = Math.Max(mostAllocated, GC.GetAllocatedBytesForCurrentThread() - allocated);
            Assert.True(length <= bytes.Length && header.Extensions.Length <= bytes.Length);
            Assert.True(result == ProxyHeaderResult.Complete ? length > 0 : length == 0);
            complete += result == ProxyHeaderResult.Complete ? 1 : 0;
        }

        Assert.InRange(complete, 10_000, 990_000);

        // Two addresses and the extensions, of headers of a hundred bytes.
        Assert.InRange(mostAllocated, 1, 1024);
    }

    private static void AssertIncompleteBefore(byte[] bytes, int length)
    {
        for (var i = 0; i < length; i++)
        {
            Assert.Equal(ProxyHeaderResult.Incomplete, ProxyHeaderReader.Read(bytes.AsSpan(0, i), out _, out _));
        }
    }

    // Bit by bit (RFC 3720, appendix B.4), unlike the code under test.
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
