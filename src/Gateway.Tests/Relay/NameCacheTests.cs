using System.Net;
using System.Net.Sockets;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

public class NameCacheTests
{
    private readonly FakeTime _time = new();
    private int _asked;

    [Fact]
    public async Task Resolve_ManyAtOnceAndSoonAfter_AsksOnce()
    {
        var answer = new TaskCompletionSource<IPAddress[]>();
        var names = new NameCache(_time, _ => Ask(answer.Task));

        var first = names.ResolveAsync("a.example");
        _time.Advance(TimeSpan.FromSeconds(60));
        var second = names.ResolveAsync("A.example");
        answer.SetResult([IPAddress.Loopback]);

        Assert.Equal([IPAddress.Loopback], await first);
        Assert.Equal([IPAddress.Loopback], await second);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Resolve_SomeSecondsLater_AsksAgain()
    {
        var names = new NameCache(_time, _ => Ask(Task.FromResult<IPAddress[]>([IPAddress.Loopback])));

        await names.ResolveAsync("a.example");
        _time.Advance(TimeSpan.FromSeconds(4));
        await names.ResolveAsync("a.example");
        Assert.Equal(1, _asked);
        _time.Advance(TimeSpan.FromSeconds(2));
        await names.ResolveAsync("a.example");

        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Resolve_NameIsUnknown_HasNoAddresses()
    {
        var names = new NameCache(
            _time, _ => Ask(Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound))));

        Assert.Empty(await names.ResolveAsync("a.example"));
    }

    private Task<IPAddress[]> Ask(Task<IPAddress[]> answer)
    {
        _asked++;
        return answer;
    }
}
