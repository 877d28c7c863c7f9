using System.Text;
using Gateway.Relay.Sni;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay.Sni;

public class ClientHelloReaderTests
{
    [Theory]
    [InlineData("www.example.com", "www.example.com")]
    [InlineData("WWW.Example.COM.", "www.example.com")]
    [InlineData(null, null)]
    public void Read_Name_IsNormalized(string? sent, string? expected)
    {
        var bytes = HelloBytes.Of(sent, ["h2", "http/1.1"]);

        Assert.Equal(ClientHelloResult.Complete, ClientHelloReader.Read(bytes, out var hello));

        Assert.Equal(expected, hello!.ServerName);
        Assert.Equal(["h2", "http/1.1"], hello.Protocols);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Read_CutIntoRecords_IsPutTogether(int recordSize)
    {
        var bytes = HelloBytes.Of("www.example.com", ["acme-tls/1"], recordSize);

        Assert.Equal(ClientHelloResult.Complete, ClientHelloReader.Read(bytes, out var hello));

        Assert.Equal("www.example.com", hello!.ServerName);
        Assert.Equal(["acme-tls/1"], hello.Protocols);
    }

    [Fact]
    public void Read_EveryBeginning_IsIncomplete()
    {
        var bytes = HelloBytes.Of("www.example.com", ["h2"], recordSize: 50);

        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.Equal(ClientHelloResult.Incomplete, ClientHelloReader.Read(bytes.AsSpan(0, i), out _));
        }
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\u0016\u0002")]
    public void Read_AnotherProtocol_IsNotTls(string text) =>
        Assert.Equal(ClientHelloResult.NotTls, ClientHelloReader.Read(Encoding.Latin1.GetBytes(text), out _));

    [Theory]
    [InlineData("16030100040200000000")] // a ServerHello
    [InlineData("1603010000")] // an empty record
    [InlineData("160301FFFF")] // longer than a record may be
    [InlineData("160301000401010000")] // a message of 64 KiB
    [InlineData("1603010001" + "01" + "1503010001")] // an alert in between
    [InlineData("16030100080100000403030000")] // cut short in the random
    public void Read_WrongBytes_AreMalformed(string hex) =>
        Assert.Equal(ClientHelloResult.Malformed, ClientHelloReader.Read(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData("with blank.example")]
    [InlineData("tab\t.example")]
    [InlineData("")]
    public void Read_WrongName_IsMalformed(string name) =>
        Assert.Equal(ClientHelloResult.Malformed, ClientHelloReader.Read(HelloBytes.Of(name), out _));

    [Fact]
    public void Read_LongerThanTheCap_IsMalformed()
    {
        var most = HelloBytes.Of("a.example", recordSize: 4096, padding: 16_000);
        var more = HelloBytes.Of("a.example", recordSize: 4096, padding: 17_000);

        Assert.Equal(ClientHelloResult.Complete, ClientHelloReader.Read(most, out _));
        Assert.Equal(ClientHelloResult.Malformed, ClientHelloReader.Read(more, out _));
    }

    [Fact]
    public void Read_MillionMutatedHellos_NeverThrowsAndTakesLittleMemory()
    {
        byte[][] seeds =
        [
            HelloBytes.Of("www.example.com", ["h2", "http/1.1"]),
            HelloBytes.Of("www.example.com", ["h2"], recordSize: 20),
            HelloBytes.Of(null),
        ];
        var random = new Random(6);
        var counts = new int[Enum.GetValues<ClientHelloResult>().Length];

        var mostAllocated = 0L;
        for (var i = 0; i < 1_000_000; i++)
        {
            var bytes = Mutation.Of(seeds[i % seeds.Length], random);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var result = ClientHelloReader.Read(bytes, out var hello);
            mostAllocated = Math.Max(mostAllocated, GC.GetAllocatedBytesForCurrentThread() - allocated);
            Assert.Equal(result == ClientHelloResult.Complete, hello is not null);
            counts[(int)result]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 1000, 999_000));

        // The name, the protocols and their list, of a message of a hundred bytes.
        Assert.InRange(mostAllocated, 1, 4096);
    }
}
