using System.Net;
using System.Runtime.InteropServices;
using Gateway.EventLoop;

namespace Gateway.Tests.EventLoop;

public class NativeAddressTests
{
    // .NET's own serialization, which it gives to the kernel, is the reference.
    [Theory]
    [InlineData("192.0.2.1", 25)]
    [InlineData("255.255.255.255", 65535)]
    [InlineData("2001:db8::1", 443)]
    [InlineData("fe80::1%3", 53)]
    public void Constructor_AnyAddress_HasTheBytesOfTheKernelsForm(string address, int port)
    {
        var native = new NativeAddress(IPAddress.Parse(address), port);

        var bytes = MemoryMarshal.AsBytes(new Span<NativeAddress>(ref native))[..(int)native.Length];
        var expected = new IPEndPoint(IPAddress.Parse(address), port).Serialize();
        Assert.Equal(expected.Buffer[..expected.Size].ToArray(), bytes.ToArray());
        Assert.Equal(IPAddress.Parse(address), native.ToIPAddress());
        Assert.Equal(port, native.Port);
    }

    [Fact]
    public void ToIPAddress_MappedIPv4_IsIPv4() =>
        Assert.Equal(
            IPAddress.Parse("192.0.2.1"), new NativeAddress(IPAddress.Parse("::ffff:192.0.2.1"), 1).ToIPAddress());
}
