using System.Net;
using System.Net.Sockets;
using Gateway.Names;
using Gateway.Tests.Support;

namespace Gateway.Tests.Names;

/// <summary>The client against a real dnsmasq, and against a server that lies.</summary>
public class DnsNamesTests
{
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(30);

    [NeedsFact("dnsmasq")]
    public async Task Find_Real_HasAddressesAndLifetime()
    {
        await using var dnsmasq = await Dnsmasq.StartAsync(
            "local-ttl=7", "local=/test/", "host-record=web.test,10.0.0.1,2001:db8::1", "host-record=web.test,10.0.0.2", "cname=www.test,web.test",
            "srv-host=_http._tcp.web.test,web.test,8080,1,5", "srv-host=_http._tcp.web.test,spare.test,8081,2,0", "host-record=spare.test,10.0.0.9");
        var names = Names(dnsmasq.EndPoint);

        Assert.Equal("10.0.0.1 10.0.0.2 for 7", await FindAsync(names, "web.test", DnsType.A));
        Assert.Equal("2001:db8::1 for 7", await FindAsync(names, "WEB.test.", DnsType.AAAA));
        Assert.Equal("10.0.0.1 10.0.0.2 for 7", await FindAsync(names, "www.test", DnsType.A));
        Assert.Equal(
            "10.0.0.1:8080/1/5 10.0.0.2:8080/1/5 10.0.0.9:8081/2/0 [2001:db8::1]:8080/1/5 for 7",
            await FindAsync(names, "_http._tcp.web.test", DnsType.SRV));
        Assert.Equal(" for ", await FindAsync(names, "nobody.test", DnsType.A));
        Assert.Equal($"REFUSED from {dnsmasq.EndPoint}", await FindAsync(names, "web.example", DnsType.A));
    }

    // A server that sends a record twice does not double the weight; two hosts at one address are two records.
    [NeedsFact("dnsmasq")]
    public async Task Find_SameRecordTwice_CountsOnce()
    {
        await using var dnsmasq = await Dnsmasq.StartAsync(
            "local-ttl=7", "local=/test/", "host-record=web.test,10.0.0.1", "host-record=www.test,10.0.0.1",
            "srv-host=_http._tcp.web.test,web.test,8080,1,5", "srv-host=_http._tcp.web.test,WEB.test,8080,1,5",
            "srv-host=_http._tcp.web.test,www.test,8080,1,5");

        Assert.Equal(
            "10.0.0.1:8080/1/5 10.0.0.1:8080/1/5 for 7", await FindAsync(Names(dnsmasq.EndPoint), "_http._tcp.web.test", DnsType.SRV));
    }

    // 200 addresses are 3200 bytes: the answer over UDP is cut, and TCP has all of it.
    [NeedsFact("dnsmasq")]
    public async Task Find_AnswerTooLongForUdp_ComesOverTcp()
    {
        await using var dnsmasq = await Dnsmasq.StartAsync(
            [.. Enumerable.Range(1, 200).Select(i => $"host-record=many.test,10.0.0.{i}")]);

        var found = await Names(dnsmasq.EndPoint).FindAsync("many.test", DnsType.A, CancellationToken.None);

        Assert.Equal(200, found.Addresses.Count);
    }

    [NeedsFact("dnsmasq")]
    public async Task Find_FirstServerIsDead_TheSecondIsAsked()
    {
        await using var dnsmasq = await Dnsmasq.StartAsync("local-ttl=7", "host-record=web.test,10.0.0.1");
        var dead = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));

        Assert.Equal("10.0.0.1 for 7", await FindAsync(Names(dead, dnsmasq.EndPoint), "web.test", DnsType.A));
        Assert.Equal($"ConnectionRefused at {dead}", await FindAsync(Names(dead), "web.test", DnsType.A));
    }

    [NeedsFact("dnsmasq")]
    public async Task Find_ServerIsStopped_SaysSoInTime()
    {
        await using var dnsmasq = await Dnsmasq.StartAsync("host-record=web.test,10.0.0.1");
        dnsmasq.Signal(PosixSignalNumber.Stop);
        var names = new DnsNames(
            new NameOptions { Servers = [dnsmasq.EndPoint], Timeout = TimeSpan.FromMilliseconds(50) }, TimeProvider.System);

        Assert.Equal($"no answer from {dnsmasq.EndPoint}", await FindAsync(names, "web.test", DnsType.A));
    }

    // Forged answers, with another number or for another name, are passed over; the true one counts.
    [Fact]
    public async Task Ask_ForgedAnswersFirst_WaitsForTheTrueOne()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var ask = DnsClient.AskAsync((IPEndPoint)server.LocalEndPoint!, DnsQuestion.Of("web.test", DnsType.A), CancellationToken.None);
        var buffer = new byte[512];
        var received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(_long);
        var question = buffer[..(received.ReceivedBytes - 11)];

        byte[] Forge(byte last, Action<byte[]> change)
        {
            byte[] answer = [.. question, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, last];
            answer[2] = 0x81;
            answer[7] = 1;
            answer[11] = 0;
            change(answer);
            return answer;
        }

        await server.SendToAsync(Forge(66, answer => answer[0] ^= 0xff), received.RemoteEndPoint);
        await server.SendToAsync(Forge(66, answer => answer[13] ^= 0x01), received.RemoteEndPoint);
        await server.SendToAsync(new byte[] { 1, 2, 3 }, received.RemoteEndPoint);
        await server.SendToAsync(Forge(1, _ => { }), received.RemoteEndPoint);

        Assert.Equal("10.0.0.1", Assert.Single((await ask.WaitAsync(_long)).Answers).Text);
    }

    [Fact]
    public async Task Ask_TwoQuestions_HaveOtherNumbersAndPorts()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var stop = new CancellationTokenSource();
        var asks = Enumerable.Range(0, 20).Select(_ => DnsClient.AskAsync(
            (IPEndPoint)server.LocalEndPoint!, DnsQuestion.Of("web.test", DnsType.A), stop.Token)).ToArray();
        var ids = new HashSet<int>();
        var ports = new HashSet<int>();
        var buffer = new byte[512];
        for (var i = 0; i < asks.Length; i++)
        {
            var received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(_long);
            ids.Add((buffer[0] << 8) | buffer[1]);
            ports.Add(((IPEndPoint)received.RemoteEndPoint).Port);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asks));
        Assert.Equal(20, ports.Count);
        Assert.True(ids.Count > 15, "the numbers are no random ones");
    }

    [Theory]
    [InlineData("nameserver 10.0.0.53", "10.0.0.53:53")]
    [InlineData("# comment|search example|  nameserver\t::1 |nameserver nobody|options rotate|nameserver 9.9.9.9", "[::1]:53 9.9.9.9:53")]
    [InlineData("", "")]
    public void ServersIn_ResolvConf_AreRead(string lines, string servers) =>
        Assert.Equal(servers, string.Join(' ', SystemNames.ServersIn(lines.Split('|'))));

    [Fact]
    public async Task System_Localhost_IsKnown()
    {
        var found = await new SystemNames(new NameOptions(), TimeProvider.System).FindAsync("localhost", DnsType.A, CancellationToken.None);

        Assert.Contains(found.Addresses, address => address.Address.Equals(IPAddress.Loopback));
    }

    private static DnsNames Names(params IPEndPoint[] servers) =>
        new(new NameOptions { Servers = [.. servers], Timeout = _long }, TimeProvider.System);

    private static async Task<string> FindAsync(DnsNames names, string name, DnsType type)
    {
        var found = await names.FindAsync(name, type, CancellationToken.None);
        return found.Problem ?? string.Join(' ', found.Addresses
            .Select(address => address.Port is null ? $"{address}" : $"{address}/{address.Priority}/{address.Weight}")
            .Order(StringComparer.Ordinal)) + $" for {found.Ttl?.TotalSeconds}";
    }
}
